// The words of an utterance with their times, for reading beside the audio.

import { pieces } from "./cues.js";

/** @typedef {import("./exports.js").Utterance} Utterance */

/**
 * @typedef {object} TimedWord
 * @property {string} lead What stands before it: a space, or nothing.
 * @property {string} text
 * @property {number} start Seconds from the beginning.
 * @property {number} end
 * @property {number} [probability] Only where the server measured the times.
 */

/**
 * The text in words. Times that the server did not measure are spread over the characters.
 * @param {Utterance} utterance
 * @returns {TimedWord[]}
 */
export function timedWords(utterance) {
  return measured(utterance) ?? pieces({ ...utterance, words: [] }).map(spread);
}

/** @param {import("./cues.js").Piece} piece */
function spread({ text, start, end }) {
  const word = text.trimStart();
  return { lead: text.slice(0, text.length - word.length), text: word, start, end };
}

/**
 * Nothing, unless all of the text is in words with times.
 * @param {Utterance} utterance
 * @returns {TimedWord[]|undefined}
 */
function measured({ text, words = [] }) {
  const found = [];
  let place = 0;
  for (const { word, start, end, probability } of words) {
    const bare = word.trim();
    const at = text.indexOf(bare, place);
    if (!bare || at < 0) return undefined;
    found.push({ lead: text.slice(place, at), text: bare, start, end, probability });
    place = at + bare.length;
  }
  const rest = text.slice(place);
  if (!found.length || rest.trim()) return undefined;
  return found;
}

/**
 * The index of the last word that has begun, -1 before the first.
 * @param {{start: number}[]} words In order.
 * @param {number} seconds
 */
export function wordAt(words, seconds) {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
