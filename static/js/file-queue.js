// Files wait for each other: one is transcribed at a time, each with a card of its own.

import { FileListening } from "./file-listening.js";
import { gettext, interpolate } from "./i18n.js";
import { announce, make } from "./page.js";

/** @typedef {import("./transcript-card.js").TranscriptCard} TranscriptCard */
/** @typedef {import("./transcription.js").ListenOptions} ListenOptions */
/** @typedef {{file: File, card: TranscriptCard, options: ListenOptions}} Job */

/** More at once are more than anybody waits for on a page. */
export const MOST_FILES = 50;

export class FileQueue {
  #list;
  #keepsAudio;
  /** @type {Job[]} */
  #waiting = [];
  /** @type {FileListening|null} */
  #running = null;

  /**
   * @param {import("./transcript-list.js").TranscriptList} list
   * @param {() => boolean} keepsAudio Whether audio stays in this browser.
   */
  constructor(list, keepsAudio) {
    this.#list = list;
    this.#keepsAudio = keepsAudio;
    addEventListener("beforeunload", (event) => {
      // The browser asks: the rest of a file would be lost.
      if (this.#running) event.preventDefault();
    });
  }

  /**
   * @param {File[]} files
   * @param {ListenOptions} options
   * @returns {number} So many did not find room.
   */
  add(files, options) {
    const taken = files.slice(0, MOST_FILES - this.#waiting.length);
    const recordings = taken.map((file) => ({ file: file.name, time: Date.now(), seconds: 0, translated: Boolean(options.translate), utterances: [] }));
    if (taken.length) this.#list.begin(recordings, !this.#running).forEach((card, index) => this.#wait({ file: taken[index], card, options }));
    this.#next();
    return files.length - taken.length;
  }

  /** @param {Job} job */
  #wait(job) {
    job.card.showProgress(gettext("Waiting"), 0);
    job.card.onCancel = () => {
      this.#waiting = this.#waiting.filter((each) => each !== job);
      this.#list.drop(job.card);
    };
    this.#waiting.push(job);
  }

  #next() {
    if (this.#running) return;
    const job = this.#waiting.shift();
    if (job) this.#start(job);
  }

  /** @param {Job} job */
  #start(job) {
    const { file, card, options } = job;
    card.onCancel = () => this.#cancel(card);
    /** @type {import("./page.js").Trouble|null} */
    let latest = null;
    this.#running = new FileListening(file, { ...options, purpose: "file" }, {
      onLength(seconds) {
        card.recording.seconds = seconds;
        card.changed();
      },
      onProgress: (words, part) => card.showProgress(words, part),
      onTranscript: ({ text, start = 0, end = start, language, words }) => {
        card.add({ text, start, end, language, words });
        this.#list.keep(card);
      },
      onTrouble(trouble) {
        latest = trouble;
        card.showTrouble(trouble);
      },
      onEnd: (end) => this.#ended(job, end, latest),
    });
  }

  /** @param {TranscriptCard} card */
  #cancel(card) {
    this.#running?.cancel();
    this.#running = null;
    if (card.recording.utterances.length) {
      card.showTrouble(null);
      card.finish();
    } else {
      this.#list.drop(card);
    }
    this.#next();
  }

  /**
   * @param {Job} job
   * @param {"complete"|"failed"|"unusable"} end
   * @param {import("./page.js").Trouble|null} trouble
   */
  #ended(job, end, trouble) {
    const { file, card } = job;
    this.#running = null;
    card.finish();
    const found = card.recording.utterances.length > 0;
    if (end === "complete") {
      announce(interpolate(gettext("%(name)s is transcribed"), { name: file.name }));
      if (!found) card.showTrouble({ title: gettext("No speech was found."), tone: "note" });
    } else if (trouble) {
      card.showTrouble(trouble, ...(end === "failed" ? [this.#again(job)] : []));
    }
    if (found) this.#list.addAudio(card, file, this.#keepsAudio());
    this.#next();
  }

  /** @param {Job} job */
  #again(job) {
    const button = make("button", "button compact", gettext("Try again"));
    button.addEventListener("click", () => {
      this.#list.drop(job.card);
      this.add([job.file], job.options);
    });
    return button;
  }
}
