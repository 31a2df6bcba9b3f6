// The scripts that do not separate words by spaces: Thai, Lao, Burmese, Khmer; Chinese, Japanese, Korean.

const HANGUL = "\\uac00-\\ud7af";
const OTHERS =
  "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u2e80-\\u2fff\\u3001-\\u9fff\\uf900-\\ufaff\\uff00-\\uffef\\u{20000}-\\u{3ffff}";

/** Writing whose words are not parted by spaces, or, as in Korean, are long. */
export const UNSPACED = new RegExp(`[${OTHERS}${HANGUL}]`, "u");
const NO_SPACE = new RegExp(`[${OTHERS}]`, "u");

/**
 * What stands between two texts that follow each other.
 * @param {string} before
 * @param {string} after
 */
export function spaceBetween(before, after) {
  if (!before || !after) return "";
  const last = [...before.slice(-2)].pop() ?? "";
  return NO_SPACE.test(last + String.fromCodePoint(after.codePointAt(0) ?? 32)) ? "" : " ";
}

/**
 * The texts as one.
 * @param {string[]} texts
 */
export function joined(texts) {
  return texts.reduce((whole, text) => whole + spaceBetween(whole, text) + text, "");
}
