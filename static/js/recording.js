// A take of the microphone or a file, with what was said in it.

import { asClock, languageName } from "./format.js";
import { gettext, interpolate, language as pageLanguage } from "./i18n.js";

/**
 * @typedef {object} Recording
 * @property {number} [id] Once it is kept in this browser.
 * @property {string} file The name of the file; empty for the microphone.
 * @property {number} time When it began, in milliseconds since 1970.
 * @property {number} seconds Its length, as far as it is known.
 * @property {boolean} translated Whether the text is a translation into English.
 * @property {import("./exports.js").Utterance[]} utterances
 */

/** @param {Recording} recording */
export function titleOf({ file }) {
  return file || gettext("Microphone");
}

/**
 * When, how long, and in which languages.
 * @param {Recording} recording
 */
export function factsOf({ time, seconds, translated, utterances }) {
  const when = new Date(time).toLocaleString(pageLanguage, { dateStyle: "medium", timeStyle: "short" });
  const codes = [...new Set(utterances.map((each) => each.language).filter(Boolean))];
  const names = codes.map((code) => languageName(String(code))).join(", ");
  const languages = translated ? interpolate(gettext("translated from %(languages)s"), { languages: names }) : names;
  return [when, asClock(seconds), codes.length ? languages : ""].filter(Boolean).join(" · ");
}

/**
 * The name of a download: that of the file, or the moment of the take.
 * @param {Recording} recording
 * @param {string} extension
 */
export function downloadName({ file, time }, extension) {
  const stem = file.replace(/\.[^.]+$/, "");
  return `${stem || `microphone-${stampOf(new Date(time))}`}.${extension}`;
}

/** @param {Date} moment */
function stampOf(moment) {
  const parts = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate(), moment.getHours(), moment.getMinutes(), moment.getSeconds()];
  const [year, month, day, ...clock] = parts.map((part) => String(part).padStart(2, "0"));
  return `${year}-${month}-${day}-${clock.join("")}`;
}
