// One word of a transcript is the current one: chosen by a click, a tap or the arrow keys, or
// the one that is being played.

import { formatNumber, gettext, interpolate } from "./i18n.js";
import { wordAt } from "./timed-words.js";

/** @typedef {import("./timed-words.js").TimedWord & {element: HTMLElement}} ShownWord */

const KEY_STEPS = { ArrowLeft: -1, ArrowRight: 1 };

export class WordCursor {
  #box;
  #info;
  /** @type {ShownWord[]} */
  #words = [];
  #chosen = -1;
  #played = -1;

  /** Called with the second at which a chosen word begins. */
  onSeek = (/** @type {number} */ seconds) => {};
  /** Called when the space bar was pressed. */
  onPlayPause = () => {};

  /**
   * @param {HTMLElement} box Has the words, and takes the keys.
   * @param {HTMLElement} info Where the time of the chosen word is written.
   */
  constructor(box, info) {
    this.#box = box;
    this.#info = info;
    box.addEventListener("click", (event) => this.#clicked(/** @type {Element} */ (event.target)));
    box.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** @param {ShownWord[]} words In the order of the text. */
  add(words) {
    this.#words.push(...words);
  }

  /**
   * Mark the word that is being played.
   * @param {number} seconds
   */
  playing(seconds) {
    const index = wordAt(this.#words, seconds);
    if (index === this.#played) return;
    this.#words[this.#played]?.element.classList.remove("playing");
    if (index !== this.#chosen) this.#unchoose();
    this.#played = index;
    const element = this.#words[index]?.element;
    element?.classList.add("playing");
    if (element) this.#show(element);
  }

  /** @param {Element} target */
  #clicked(target) {
    if (!getSelection()?.isCollapsed) return;
    const index = this.#words.findIndex((word) => word.element === target);
    if (index >= 0) this.#choose(index);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEY_STEPS[event.key];
    if (step) {
      const from = this.#chosen >= 0 ? this.#chosen : Math.max(this.#played, step > 0 ? -1 : 0);
      this.#choose(Math.max(0, Math.min(this.#words.length - 1, from + step)));
    } else if (event.key === " ") {
      this.onPlayPause();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {number} index */
  #choose(index) {
    const word = this.#words[index];
    if (!word) return;
    this.#unchoose();
    this.#chosen = index;
    word.element.classList.add("chosen");
    this.#show(word.element);
    this.#info.textContent = wordFacts(word);
    this.onSeek(word.start);
  }

  #unchoose() {
    this.#words[this.#chosen]?.element.classList.remove("chosen");
    this.#chosen = -1;
  }

  /**
   * Scroll the box, and only the box.
   * @param {HTMLElement} element
   */
  #show(element) {
    const box = this.#box.getBoundingClientRect();
    const word = element.getBoundingClientRect();
    if (word.top < box.top || word.bottom > box.bottom) {
      this.#box.scrollTop += word.top - box.top - this.#box.clientHeight / 3;
    }
  }
}

/**
 * The time of a word in words.
 * @param {import("./timed-words.js").TimedWord} word
 */
export function wordFacts({ text, start, end, probability }) {
  const values = { word: text, start: twoDigits(start), end: twoDigits(end) };
  if (probability === undefined) return interpolate(gettext("“%(word)s”: at about %(start)s s"), values);
  const confidence = formatNumber(probability, { style: "percent" });
  return interpolate(gettext("“%(word)s”: %(start)s s to %(end)s s, confidence %(confidence)s"), { ...values, confidence });
}

/** @param {number} seconds */
function twoDigits(seconds) {
  return formatNumber(seconds, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
