// A transcript as a file: plain text, JSON, SubRip and WebVTT.

import { cues } from "./cues.js";
import { plainText } from "./paragraphs.js";

/**
 * @typedef {object} Utterance
 * @property {string} text
 * @property {number} start Seconds from the beginning.
 * @property {number} end
 * @property {string} [language]
 * @property {number} [id] Its number in the connection.
 * @property {Word[]} [words]
 *
 * @typedef {object} Word
 * @property {string} word
 * @property {number} start
 * @property {number} end
 * @property {number} probability
 */

/** @type {Record<string, {type: string, write: (utterances: Utterance[]) => string}>} */
export const EXPORTS = {
  txt: { type: "text/plain", write: (all) => `${plainText(all)}\n` },
  json: { type: "application/json", write: (all) => `${JSON.stringify({ utterances: all.map(({ id, ...shown }) => shown) }, null, 2)}\n` },
  srt: { type: "application/x-subrip", write: (all) => cues(all).map(srtBlock).join("\n") },
  vtt: { type: "text/vtt", write: (all) => ["WEBVTT\n", ...cues(all).map(vttBlock)].join("\n") },
};

/**
 * @param {import("./cues.js").Cue} cue
 * @param {number} index
 */
function srtBlock({ start, end, lines }, index) {
  return `${index + 1}\n${stamp(start, ",")} --> ${stamp(end, ",")}\n${shown(lines)}\n`;
}

/** @param {import("./cues.js").Cue} cue */
function vttBlock({ start, end, lines }) {
  // In WebVTT these three would be read as markup.
  const text = shown(lines).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `${stamp(start, ".")} --> ${stamp(end, ".")}\n${text}\n`;
}

/** @param {string[]} lines */
function shown(lines) {
  // An arrow inside a text would be read as the line of times.
  return lines.join("\n").replaceAll("-->", "->");
}

/**
 * @param {number} seconds
 * @param {string} point
 */
function stamp(seconds, point) {
  const milliseconds = Math.round(seconds * 1000);
  const parts = [Math.floor(milliseconds / 3_600_000), Math.floor(milliseconds / 60_000) % 60, Math.floor(milliseconds / 1000) % 60];
  const clock = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock}${point}${String(milliseconds % 1000).padStart(3, "0")}`;
}
