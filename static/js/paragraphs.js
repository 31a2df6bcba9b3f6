// Utterances as paragraphs that read well.

import { joined } from "./scripts.js";

/** @typedef {import("./exports.js").Utterance} Utterance */

/** A pause that the reader should see. */
const PAUSE_SECONDS = 2;
/** From this length on, a paragraph ends with the next sentence. */
const LONG_CHARACTERS = 500;
const SENTENCE_END = /[.!?…。！？]["'”’»)\]]*$/;

/**
 * @param {Utterance[]} utterances
 * @returns {Utterance[][]}
 */
export function paragraphs(utterances) {
  /** @type {Utterance[][]} */
  const all = [];
  for (const utterance of utterances) {
    const current = all.at(-1) ?? [];
    if (startsParagraph(current, utterance)) all.push([utterance]);
    else current.push(utterance);
  }
  return all;
}

/**
 * Whether an utterance begins a new paragraph.
 * @param {Utterance[]} current The paragraph so far; empty at the beginning.
 * @param {Utterance} next
 */
export function startsParagraph(current, next) {
  const last = current.at(-1);
  if (!last) return true;
  if (next.language && last.language && next.language !== last.language) return true;
  if (next.start - last.end > PAUSE_SECONDS) return true;
  const characters = current.reduce((sum, each) => sum + each.text.length, 0);
  return characters > LONG_CHARACTERS && SENTENCE_END.test(last.text);
}

/**
 * A blank line between paragraphs.
 * @param {Utterance[]} utterances
 */
export function plainText(utterances) {
  return paragraphs(utterances).map((each) => joined(each.map(({ text }) => text))).join("\n\n");
}
