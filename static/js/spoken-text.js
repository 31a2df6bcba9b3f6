// The text that is spoken; the word that is heard lights up.

import { wordAt, wordsOf } from "./word-times.js";

/** @typedef {import("./word-times.js").WordTimes} WordTimes */

const HIGHLIGHT = "spoken-word";

export class SpokenText {
  #place;
  #node = new Text();
  /** @type {import("./word-times.js").WrittenWord[]} */
  #words = [];
  /** @type {(number|undefined)[]} */
  #starts = [];
  #shown = -1;

  /** Called with the second at which a word begins that was clicked. */
  onChoose = (/** @type {number} */ seconds) => {};

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    place.addEventListener("click", (event) => this.#choose(event));
  }

  /** @param {string} text */
  show(text) {
    this.#node.data = text;
    if (!text) this.#node.remove();
    else if (!this.#node.isConnected) this.#place.replaceChildren(this.#node);
    this.#words = wordsOf(text);
    this.#starts = [];
    this.#mark(-1);
  }

  /**
   * @param {WordTimes} times
   * @param {number} [duration]
   */
  time(times, duration) {
    this.#starts = times.starts(this.#words, duration);
  }

  /** @param {number} seconds 0 is before the first word. */
  moveTo(seconds) {
    this.#mark(seconds > 0 ? wordAt(this.#starts, seconds) : -1);
  }

  /** @param {number} index */
  #mark(index) {
    if (index === this.#shown || !("highlights" in CSS)) return;
    this.#shown = index;
    CSS.highlights.delete(HIGHLIGHT);
    const word = this.#words[index];
    if (!word) return;
    const range = new Range();
    range.setStart(this.#node, word.start);
    range.setEnd(this.#node, word.end);
    CSS.highlights.set(HIGHLIGHT, new Highlight(range));
    this.#reveal(range.getBoundingClientRect());
  }

  /** @param {DOMRect} word */
  #reveal(word) {
    const place = this.#place.getBoundingClientRect();
    if (word.top < place.top || word.bottom > place.bottom) {
      this.#place.scrollTop += word.top - place.top - place.height / 3;
    }
  }

  /** @param {MouseEvent} event */
  #choose(event) {
    if (!getSelection()?.isCollapsed) return;
    const offset = offsetAt(event.clientX, event.clientY, this.#node);
    const index = this.#words.findIndex((word) => word.start <= offset && offset < word.end);
    const start = this.#starts[index];
    if (start !== undefined) this.onChoose(start);
  }
}

/**
 * The place of a point in a text; -1 outside of it.
 * @param {number} x
 * @param {number} y
 * @param {Text} text
 */
function offsetAt(x, y, text) {
  if (document.caretPositionFromPoint) {
    const found = document.caretPositionFromPoint(x, y);
    return found?.offsetNode === text ? found.offset : -1;
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range?.startContainer === text ? range.startOffset : -1;
}
