// One transcript on the page, of a take or a file: its title, text, audio, progress and files.

import { BesideAudio } from "./beside-audio.js";
import { rememberChoice, rememberedChoices } from "./choices.js";
import { EXPORTS } from "./exports.js";
import { saveAs } from "./files.js";
import { byId, showNotice } from "./page.js";
import { plainText } from "./paragraphs.js";
import { downloadName, factsOf, titleOf } from "./recording.js";
import { TranscriptView } from "./transcript.js";

/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {import("./exports.js").Utterance} Utterance */

/** So much of the text shows while the card is closed. */
const PEEK_CHARACTERS = 200;

/**
 * @typedef {object} CardHandlers
 * @property {(card: TranscriptCard) => void} onRemove
 * @property {(card: TranscriptCard) => Promise<Blob|undefined>} findAudio Asked when a kept one is opened.
 */

let count = 0;

export class TranscriptCard {
  element;
  recording;
  #view;
  #beside;
  /** The text is built when it is first shown. */
  #shown = false;
  #hasAudio = false;

  /** Called when the person gives up what is running. */
  onCancel = () => {};

  /**
   * @param {Recording} recording
   * @param {CardHandlers} handlers
   */
  constructor(recording, handlers) {
    this.recording = recording;
    const template = /** @type {HTMLTemplateElement} */ (byId("transcript-template"));
    this.element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    this.#name();
    const text = this.part("text");
    this.#view = new TranscriptView(text);
    this.#beside = new BesideAudio(this.part("audio"), text, this.part("word"));
    this.#view.onWords = (words) => this.#beside.add(words);
    this.part("toggle").addEventListener("click", () => this.#toggle(handlers));
    this.part("remove").addEventListener("click", () => handlers.onRemove(this));
    this.part("cancel").addEventListener("click", () => this.onCancel());
    this.part("download").addEventListener("click", () => this.#download());
    this.part("format").addEventListener("change", () => rememberChoice("listen", "format", this.part("format").value));
    this.changed();
  }

  /**
   * @param {string} name
   * @returns {any}
   */
  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  get partial() {
    return this.#view.partial;
  }

  /** The recording, with what is being said just now. @returns {Recording} */
  get withPartial() {
    const { partial, recording } = this;
    if (!partial) return recording;
    const { text, start } = partial;
    return { ...recording, utterances: [...recording.utterances, { text, start, end: Math.max(start, recording.seconds) }] };
  }

  get isOpen() {
    return this.element.dataset.open !== undefined;
  }

  open() {
    this.element.dataset.open = "";
    this.part("toggle").setAttribute("aria-expanded", "true");
    if (this.#shown) return;
    this.#shown = true;
    for (const utterance of this.recording.utterances) this.#view.add(this.#readable(utterance));
  }

  close() {
    delete this.element.dataset.open;
    this.part("toggle").setAttribute("aria-expanded", "false");
    this.part("audio").pause();
  }

  /** @param {Utterance} utterance */
  add(utterance) {
    this.recording.utterances.push(utterance);
    this.recording.seconds = Math.max(this.recording.seconds, utterance.end);
    if (this.#shown) this.#view.add(this.#readable(utterance));
    this.changed();
  }

  /** @param {import("./transcription.js").Partial} partial */
  showPartial(partial) {
    this.#view.showPartial(partial);
  }

  /** @param {number} seconds */
  settle(seconds) {
    this.#view.settle(seconds);
  }

  dropPartial() {
    this.#view.dropPartial();
  }

  /**
   * @param {string} words
   * @param {number} part Of the work that is done, 0 to 1.
   */
  showProgress(words, part) {
    this.element.dataset.running = "";
    if (this.part("stage").textContent !== words) this.part("stage").textContent = words;
    this.part("progress").value = part;
  }

  /** It is spoken right now: its text is read out as it comes. */
  goLive() {
    this.element.dataset.running = "";
    this.element.dataset.live = "";
    this.part("text").setAttribute("aria-live", "polite");
  }

  /** It needs no more room than its text. */
  shrink() {
    delete this.element.dataset.fresh;
  }

  /** It is complete, or as complete as it will be. */
  finish() {
    delete this.element.dataset.running;
    delete this.element.dataset.live;
    this.part("text").setAttribute("aria-live", "off");
    this.dropPartial();
    this.changed();
  }

  /**
   * @param {import("./page.js").Trouble|null} trouble
   * @param {...Node} actions
   */
  showTrouble(trouble, ...actions) {
    showNotice(this.part("notice"), trouble, ...actions);
  }

  /** @param {Blob} audio */
  setAudio(audio) {
    this.#hasAudio = true;
    this.element.dataset.audio = "";
    this.#beside.load(audio);
  }

  /** The card will not be seen again. */
  discard() {
    this.#beside.unload();
    this.element.remove();
  }

  /** Show what the recording now is. */
  changed() {
    const text = plainText(this.recording.utterances);
    this.part("facts").textContent = factsOf(this.recording);
    this.part("peek").textContent = text.slice(0, PEEK_CHARACTERS);
    this.part("text").dataset.text = text;
    for (const name of ["copy", "download"]) this.part(name).disabled = !text;
  }

  #name() {
    const id = `transcript-${(count += 1)}`;
    const title = titleOf(this.recording);
    this.part("title").textContent = title;
    this.part("title").id = `${id}-title`;
    this.element.setAttribute("aria-labelledby", `${id}-title`);
    for (const button of this.element.querySelectorAll(".actions > *, [data-part=remove]")) button.setAttribute("aria-describedby", `${id}-title`);
    for (const name of ["text", "audio", "progress"]) this.part(name).setAttribute("aria-labelledby", `${id}-title`);
    this.part("text").id = `${id}-text`;
    this.part("copy").dataset.copy = `${id}-text`;
    const format = String(rememberedChoices("listen").format ?? "");
    if (format in EXPORTS) this.part("format").value = format;
  }

  /** @param {CardHandlers} handlers */
  async #toggle(handlers) {
    if (this.isOpen) return this.close();
    this.open();
    if (this.#hasAudio) return undefined;
    const audio = await handlers.findAudio(this);
    if (audio) this.setAudio(audio);
    return undefined;
  }

  /**
   * A translation is English, whatever was spoken.
   * @param {Utterance} utterance
   */
  #readable(utterance) {
    return this.recording.translated ? { ...utterance, language: "en" } : utterance;
  }

  #download() {
    const format = this.part("format").value;
    const { type, write } = EXPORTS[format];
    saveAs(new Blob([write(this.recording.utterances)], { type }), downloadName(this.recording, format));
  }
}
