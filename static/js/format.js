// Numbers and times in words, always the same way.

import { formatNumber, language } from "./i18n.js";

/**
 * Seconds as "0.42 s".
 * @param {number} seconds
 */
export function inSeconds(seconds) {
  const digits = seconds < 10 ? 2 : 1;
  return `${formatNumber(seconds, { minimumFractionDigits: digits, maximumFractionDigits: digits })} s`;
}

/**
 * Milliseconds as "420 ms".
 * @param {number} milliseconds
 */
export function inMilliseconds(milliseconds) {
  return `${formatNumber(Math.round(milliseconds))} ms`;
}

/**
 * A position as "0:07" or "1:02:07".
 * @param {number} seconds
 */
export function asClock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * A moment as the clock on the wall says it.
 * @param {number} milliseconds Since 1970.
 */
export function timeOfDay(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
  });
}

/**
 * A language code as its name: "en_US" becomes "American English".
 * @param {string} code
 */
export function languageName(code) {
  try {
    const names = new Intl.DisplayNames([language], { type: "language" });
    return names.of(code.replace("_", "-")) ?? code;
  } catch {
    return code;
  }
}
