// A transcript on the page: paragraphs of words, and the part that may still change.

import { asClock, languageName } from "./format.js";
import { make } from "./page.js";
import { startsParagraph } from "./paragraphs.js";
import { spaceBetween } from "./scripts.js";
import { timedWords } from "./timed-words.js";
import { wordFacts } from "./word-cursor.js";

/** @typedef {import("./exports.js").Utterance} Utterance */
/** @typedef {import("./transcription.js").Partial} Partial */
/** @typedef {import("./word-cursor.js").ShownWord} ShownWord */

const NEAR_END_PIXELS = 40;

export class TranscriptView {
  #box;
  /** @type {Utterance[]} Those of the last paragraph. */
  #current = [];
  /** @type {HTMLElement|null} The last paragraph. */
  #paragraph = null;
  #language = "";
  /** @type {Partial|null} */
  #partial = null;
  #partialWords = make("span", "partial");

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
    // Read out once it is final; before, it changes too often.
    this.#partialWords.setAttribute("aria-live", "off");
  }

  /** Called with the words of each utterance that was added. */
  onWords = (/** @type {ShownWord[]} */ words) => {};

  /** What is being said and not final yet. @returns {Partial|null} */
  get partial() {
    return this.#partial;
  }

  /** @param {Utterance} utterance */
  add(utterance) {
    this.#following(() => {
      const later = this.#partial;
      this.#takePartial();
      this.#append(utterance);
      if (later && utterance.id !== undefined && utterance.id < later.utterance_id) this.#putPartial(later);
    });
  }

  /**
   * What is being said; the stable part will not change any more.
   * @param {Partial} partial
   */
  showPartial(partial) {
    this.#following(() => {
      this.#takePartial();
      this.#putPartial(partial);
    });
  }

  /**
   * Speech before this position is final; what turned out to be no speech is dropped.
   * @param {number} seconds
   */
  settle(seconds) {
    if (this.#partial && this.#partial.start < seconds) this.dropPartial();
  }

  dropPartial() {
    this.#takePartial();
  }

  /** @param {Utterance} utterance */
  #append(utterance) {
    const before = this.#current.at(-1)?.text ?? "";
    const isNew = startsParagraph(this.#current, utterance);
    if (isNew) this.#begin(utterance);
    this.#current.push(utterance);
    const element = make("span", "utterance");
    const words = timedWords(utterance).map((word) => shown(word, element));
    this.#paragraph?.querySelector("p")?.append(isNew ? "" : spaceBetween(before, utterance.text), element);
    this.onWords(words);
  }

  /** @param {{start: number, language?: string}} utterance */
  #begin({ start, language }) {
    this.#current = [];
    const words = make("p");
    const time = make("time", "", asClock(start));
    this.#paragraph = make("div", "paragraph", time, words);
    if (language) {
      words.lang = language;
      if (this.#language && language !== this.#language) time.append(make("span", "tag", languageName(language)));
      this.#language = language;
    }
    this.#box.append(this.#paragraph);
  }

  /** @param {Partial} partial */
  #putPartial(partial) {
    const { text, stable_text: stable = "", start } = partial;
    const before = this.#current.at(-1)?.text ?? "";
    const isNew = startsParagraph(this.#current, { text, start, end: start });
    this.#partialWords.replaceChildren(
      isNew ? "" : spaceBetween(before, text),
      make("span", "stable", stable),
      make("span", "unsure", text.slice(stable.length)),
    );
    const paragraph = isNew ? make("div", "paragraph", make("time", "", asClock(start)), make("p")) : this.#paragraph;
    paragraph?.querySelector("p")?.append(this.#partialWords);
    if (isNew && paragraph) {
      paragraph.setAttribute("aria-live", "off");
      this.#box.append(paragraph);
    }
    this.#partial = partial;
  }

  #takePartial() {
    const paragraph = this.#partialWords.closest(".paragraph");
    this.#partialWords.remove();
    this.#partial = null;
    if (paragraph && !paragraph.querySelector(".utterance")) paragraph.remove();
  }

  /**
   * Keep the end in sight, unless the reader has scrolled away from it.
   * @param {() => void} change
   */
  #following(change) {
    const box = this.#box;
    const follows = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PIXELS;
    change();
    if (follows) box.scrollTop = box.scrollHeight;
  }
}

/**
 * @param {import("./timed-words.js").TimedWord} word
 * @param {HTMLElement} utterance Takes the word.
 * @returns {ShownWord}
 */
function shown(word, utterance) {
  const element = make("span", "timed", word.text);
  if (word.probability !== undefined) element.title = wordFacts(word);
  utterance.append(word.lead, element);
  return { ...word, element };
}
