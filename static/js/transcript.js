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
  #language = "";

  /** Called after every change. */
  onChange = () => {};

  get text() {
    return plainText(this.utterances);
  }

  /** @param {Utterance} utterance */
  add(utterance) {
    this.utterances.push(utterance);
    this.#partial.remove();
    const time = make("time", "", asClock(utterance.start));
    time.title = `${utterance.start.toFixed(2)} s to ${utterance.end.toFixed(2)} s`;
    const words = make("p", "", utterance.text);
    if (utterance.language && utterance.language !== this.#language) {
      this.#language = utterance.language;
      words.append(make("span", "tag", languageName(utterance.language)));
    }
    this.#append(make("li", "utterance", time, words));
  }

  /**
   * What is being said; the stable part will not change any more.
   * @param {{text: string, stable_text?: string}} partial
   */
  showPartial({ text, stable_text: stable = "" }) {
    const unsure = make("span", "unsure", text.slice(stable.length));
    this.#partial.querySelector("p")?.replaceChildren(stable, unsure);
    this.#append(this.#partial);
  }

  clear() {
    this.utterances = [];
    this.#language = "";
    this.#list.replaceChildren();
    this.#changed();
  }

  /** @param {HTMLElement} row */
  #append(row) {
    const box = this.#box;
    const following = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PIXELS;
    this.#list.append(row);
    this.#changed();
    if (following) box.scrollTop = box.scrollHeight;
  }

  #changed() {
    byId("transcript-empty").hidden = this.#list.children.length > 0;
    this.onChange();
  }
}
