// The transcript on the page: utterances with their times, and the part that may still change.

import { plainText } from "./exports.js";
import { asClock, languageName } from "./format.js";
import { byId, make } from "./page.js";

/** @typedef {import("./exports.js").Utterance} Utterance */

const NEAR_END_PIXELS = 40;

export class TranscriptView {
  /** @type {Utterance[]} */
  utterances = [];
  #list = byId("utterances");
  #box = byId("transcript");
  #partial = make("li", "utterance", make("time"), make("p"));
  #partialOf = -1;
  #partialStart = 0;
  #language = "";

  constructor() {
    // Read out once it is final; before, it changes too often.
    this.#partial.setAttribute("aria-live", "off");
  }

  /** Called after every change. */
  onChange = () => {};

  get text() {
    return plainText(this.utterances);
  }

  /** @param {Utterance} utterance */
  add(utterance) {
    this.utterances.push(utterance);
    if (utterance.id === undefined || utterance.id >= this.#partialOf) this.dropPartial();
    const time = make("time", "", asClock(utterance.start));
    time.title = `${utterance.start.toFixed(2)} s to ${utterance.end.toFixed(2)} s`;
    const words = make("p", "", ...timedWords(utterance));
    if (utterance.language && utterance.language !== this.#language) {
      this.#language = utterance.language;
      words.append(make("span", "tag", languageName(utterance.language)));
    }
    this.#append(make("li", "utterance", time, words));
  }

  /**
   * What is being said; the stable part will not change any more.
   * @param {import("./transcription.js").Partial} partial
   */
  showPartial({ text, stable_text: stable = "", start, utterance_id: number }) {
    this.#partialOf = number;
    this.#partialStart = start;
    const unsure = make("span", "unsure", text.slice(stable.length));
    const time = this.#partial.querySelector("time");
    if (time) time.textContent = asClock(start);
    this.#partial.querySelector("p")?.replaceChildren(make("span", "stable", stable), unsure);
    this.#append(this.#partial);
  }

  /**
   * Speech before this place is final; what was no speech after all goes.
   * @param {number} seconds
   */
  settle(seconds) {
    if (this.#partial.isConnected && this.#partialStart < seconds) this.dropPartial();
  }

  dropPartial() {
    this.#partial.remove();
    this.#partialOf = -1;
    this.#changed();
  }

  clear() {
    this.utterances = [];
    this.#language = "";
    this.#partialOf = -1;
    this.#list.replaceChildren();
    this.#changed();
  }

  /** @param {HTMLElement} row */
  #append(row) {
    const box = this.#box;
    const following = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PIXELS;
    const partial = this.#partial;
    if (row !== partial && partial.isConnected) partial.before(row);
    else this.#list.append(row);
    this.#changed();
    if (following) box.scrollTop = box.scrollHeight;
  }

  #changed() {
    byId("transcript-empty").hidden = this.#list.children.length > 0;
    this.onChange();
  }
}

/**
 * The text, in which each word that has times shows them when it is pointed at.
 * @param {Utterance} utterance
 * @returns {(string|HTMLElement)[]}
 */
function timedWords({ text, words = [] }) {
  const parts = [];
  let place = 0;
  for (const { word, start, end, probability } of words) {
    const at = text.indexOf(word, place);
    if (!word || at < 0) continue;
    const timed = make("span", "timed", word);
    timed.title = `${start.toFixed(2)} s to ${end.toFixed(2)} s, ${Math.round(probability * 100)} % sure`;
    parts.push(text.slice(place, at), timed);
    place = at + word.length;
  }
  return [...parts, text.slice(place)];
}
