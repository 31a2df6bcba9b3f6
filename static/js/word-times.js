// When each word of a text is spoken: the server's timestamps, matched with the written words.

/** A first guess at a clause whose end is not known yet. */
const SECONDS_PER_CHARACTER = 0.065;
const SPOKEN_AT_ONCE = 12;
/** Written words that may lie between two matches: a link or a table is not spoken. */
const SLACK_WORDS = 24;
const MOST_UNMATCHED = 400;
const WITHOUT_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/**
 * @typedef {{start: number, end: number, key: string}} WrittenWord Its place in the text.
 * @typedef {{word: string, start: number, end: number}} SpokenWord In seconds.
 * @typedef {{text: string, start: number, words: SpokenWord[]}} Clause
 */

/** Collects what the server says about an answer's times. */
export class WordTimes {
  /** @type {Clause[]} */
  #clauses = [];

  /**
   * @param {string} text The spoken words.
   * @param {number} start
   */
  addClause(text, start) {
    this.#clauses.push({ text, start, words: [] });
  }

  /** @param {SpokenWord[]} words */
  addWords(words) {
    if (!this.#clauses.length && words.length) this.addClause("", words[0].start);
    this.#clauses.at(-1)?.words.push(...words);
  }

  /**
   * Where each written word begins, in seconds; undefined where that is not known yet.
   * @param {WrittenWord[]} written
   * @param {number} [duration] Of all the audio, once it is known.
   * @returns {(number|undefined)[]}
   */
  starts(written, duration) {
    return startsOf(written, this.spoken(duration), duration);
  }

  /**
   * All words with times; where the voice reports none, spread over their clause.
   * @param {number} [duration]
   */
  spoken(duration) {
    return this.#clauses.flatMap((clause, index) => {
      if (clause.words.length) return clause.words;
      const guess = clause.start + clause.text.length * SECONDS_PER_CHARACTER;
      return spread(clause, this.#clauses[index + 1]?.start ?? duration ?? guess);
    });
  }
}

/**
 * The words of a text with their places.
 * @param {string} text
 * @returns {WrittenWord[]}
 */
export function wordsOf(text) {
  return [...text.matchAll(/\S+/gu)].flatMap((match) => {
    const parts = WITHOUT_SPACES.test(match[0]) ? segments(match[0]) : [{ index: 0, segment: match[0] }];
    return parts.map(({ index, segment }) => {
      const start = (match.index ?? 0) + index;
      return { start, end: start + segment.length, key: keyOf(segment) };
    });
  }).filter((word) => word.key);
}

/** @param {string} run */
function segments(run) {
  if (!("Segmenter" in Intl)) return [{ index: 0, segment: run }];
  return [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(run)];
}

/** @param {string} word */
function keyOf(word) {
  return word.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]/gu, "");
}

/**
 * @param {Clause} clause
 * @param {number} end
 * @returns {SpokenWord[]}
 */
function spread({ text, start }, end) {
  const words = wordsOf(text);
  const all = words.reduce((sum, word) => sum + word.key.length + 1, 0);
  const perCharacter = Math.max(0, end - start) / Math.max(1, all);
  let at = start;
  return words.map((word) => {
    const begin = at;
    at += (word.key.length + 1) * perCharacter;
    return { word: word.key, start: begin, end: at };
  });
}

/**
 * @param {WrittenWord[]} written
 * @param {SpokenWord[]} spoken
 * @param {number} [duration]
 */
function startsOf(written, spoken, duration) {
  /** @type {(number|undefined)[]} */
  const starts = new Array(written.length);
  for (const [writtenIndex, spokenIndex] of matches(written, spoken)) {
    starts[writtenIndex] = spoken[spokenIndex].start;
  }
  fillGaps(written, starts, spoken[0]?.start, duration);
  return starts;
}

/**
 * Pairs of equal words in the same order, found sentence by sentence.
 * @param {WrittenWord[]} written
 * @param {SpokenWord[]} spoken
 * @returns {[number, number][]}
 */
function matches(written, spoken) {
  const keys = spoken.map((each) => keyOf(each.word));
  /** @type {[number, number][]} */
  const found = [];
  let [at, from, unmatched] = [0, 0, 0];
  while (from < keys.length && at < written.length) {
    const until = Math.min(keys.length, from + SPOKEN_AT_ONCE);
    const most = Math.min(written.length, at + SPOKEN_AT_ONCE + SLACK_WORDS + unmatched);
    const pairs = longestCommon(written, [at, most], keys, [from, until]);
    found.push(...pairs);
    const last = pairs.at(-1);
    if (last) at = last[0] + 1;
    unmatched = last ? 0 : Math.min(unmatched + until - from, MOST_UNMATCHED);
    from = last ? last[1] + 1 : until;
  }
  return found;
}

/**
 * The longest common subsequence, the earliest of equals.
 * @param {WrittenWord[]} written
 * @param {[number, number]} writtenRange
 * @param {string[]} keys
 * @param {[number, number]} keysRange
 * @returns {[number, number][]}
 */
function longestCommon(written, [a, aEnd], keys, [b, bEnd]) {
  const width = bEnd - b + 1;
  const lengths = new Uint16Array((aEnd - a + 1) * width);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => (i - a) * width + (j - b);
  for (let i = aEnd - 1; i >= a; i -= 1) {
    for (let j = bEnd - 1; j >= b; j -= 1) {
      lengths[at(i, j)] =
        written[i].key === keys[j]
          ? lengths[at(i + 1, j + 1)] + 1
          : Math.max(lengths[at(i + 1, j)], lengths[at(i, j + 1)]);
    }
  }
  /** @type {[number, number][]} */
  const pairs = [];
  for (let i = a, j = b; i < aEnd && j < bEnd; ) {
    if (written[i].key === keys[j]) pairs.push([i++, j++]);
    else if (lengths[at(i, j + 1)] >= lengths[at(i + 1, j)]) j += 1;
    else i += 1;
  }
  return pairs;
}

/**
 * Words between two matches share the time between them by their lengths.
 * @param {WrittenWord[]} written
 * @param {(number|undefined)[]} starts
 * @param {number|undefined} first When the first word is spoken.
 * @param {number|undefined} last When the last one ends.
 */
function fillGaps(written, starts, first, last) {
  let [from, since] = [0, first];
  for (let index = 0; index <= written.length; index += 1) {
    const until = index < written.length ? starts[index] : last;
    if (until === undefined) continue;
    if (since !== undefined) spreadStarts(written, starts, [from, index], [since, until]);
    [from, since] = [index, until];
  }
}

/**
 * @param {WrittenWord[]} written
 * @param {(number|undefined)[]} starts
 * @param {[number, number]} range
 * @param {[number, number]} times
 */
function spreadStarts(written, starts, [from, until], [since, end]) {
  const sizes = written.slice(from, until).map((word) => word.key.length + 1);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  sizes.forEach((size, index) => {
    starts[from + index] ??= since + ((end - since) * before) / all;
    before += size;
  });
}

/**
 * The number of the word that is heard at a time; -1 before the first.
 * @param {(number|undefined)[]} starts
 * @param {number} seconds
 */
export function wordAt(starts, seconds) {
  let found = -1;
  for (let index = 0; index < starts.length; index += 1) {
    const start = starts[index];
    if (start !== undefined && start <= seconds) found = index;
    else if (start !== undefined) break;
  }
  return found;
}
