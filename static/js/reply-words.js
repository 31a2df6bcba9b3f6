// The words of a reply, each written dark once it is heard: clause by clause, and inside a clause
// in proportion to the letters.

import { make } from "./page.js";

/** Until a clause has shown how fast the voice is. */
const USUAL_MS_PER_LETTER = 65;

/**
 * @typedef {object} Clause
 * @property {number} startMs
 * @property {HTMLElement[]} words
 * @property {number} letters
 */

export class ReplyWords {
  #place;
  /** @type {Clause[]} */
  #clauses = [];
  #msPerLetter = USUAL_MS_PER_LETTER;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    place.append(make("span", "quiet", "…"));
  }

  /**
   * @param {number} startMs
   * @param {string} text
   */
  add(startMs, text) {
    const before = this.#clauses.at(-1);
    if (before && startMs > before.startMs) this.#msPerLetter = (startMs - before.startMs) / before.letters;
    if (!before) this.#place.replaceChildren();
    const words = text.split(/\s+/).filter(Boolean).map((word) => make("span", "unsure", word));
    for (const word of words) this.#place.append(this.#place.childNodes.length ? " " : "", word);
    this.#clauses.push({ startMs, words, letters: Math.max(1, text.length) });
  }

  /** @param {number} ms So much of the reply was heard. */
  heard(ms) {
    this.#clauses.forEach(({ startMs, words, letters }, index) => {
      const endMs = this.#clauses[index + 1]?.startMs ?? startMs + letters * this.#msPerLetter;
      let at = startMs;
      for (const word of words) {
        if (at <= ms && ms > 0) word.classList.remove("unsure");
        at += ((endMs - startMs) * ((word.textContent?.length ?? 0) + 1)) / letters;
      }
    });
  }

  /** What was heard so far. */
  get text() {
    return [...this.#place.querySelectorAll("span:not(.unsure, .quiet)")].map((word) => word.textContent).join(" ");
  }
}
