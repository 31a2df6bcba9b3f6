// A recording: decoded here, sent as fast as the server takes it, and again where a connection broke.

import { decoded, FileTrouble, secondsOf, sendAll } from "./audio-file.js";
import { gettext, interpolate } from "./i18n.js";
import { Transcription } from "./transcription.js";

/** @typedef {import("./page.js").Trouble} Trouble */

const MOST_FAILURES = 5;

/**
 * @typedef {object} FileHandlers
 * @property {(seconds: number) => void} onLength
 * @property {(words: string, part: number) => void} onProgress Part of the work that is done, 0 to 1.
 * @property {(transcript: import("./transcription.js").Transcript) => void} onTranscript
 * @property {(trouble: Trouble|null) => void} onTrouble
 * @property {(end: "complete"|"failed"|"unusable") => void} onEnd Called once, unless it was
 *   cancelled. What failed may go well another time; an unusable file never does.
 */

export class FileListening {
  #options;
  #handlers;
  #samples = new Float32Array(0);
  /** @type {Transcription|null} */
  #transcription = null;
  /** @type {string|undefined} */
  #token;
  #settled = 0;
  #sent = 0;
  #failures = 0;
  #timer = 0;
  #cancelled = false;

  /**
   * @param {File} file
   * @param {import("./transcription.js").ListenOptions} options
   * @param {FileHandlers} handlers
   */
  constructor(file, options, handlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#read(file);
  }

  cancel() {
    this.#cancelled = true;
    clearTimeout(this.#timer);
    this.#transcription?.abandon();
  }

  /** @param {File} file */
  async #read(file) {
    this.#handlers.onProgress(gettext("Reading"), 0);
    try {
      this.#samples = await decoded(file);
    } catch (error) {
      if (!this.#cancelled) {
        this.#handlers.onTrouble(error instanceof FileTrouble ? error.trouble : { title: gettext("The file could not be read."), advice: String(error) });
        this.#handlers.onEnd("unusable");
      }
      return;
    }
    this.#handlers.onLength(secondsOf(this.#samples));
    if (!this.#cancelled) this.#connect();
  }

  #connect() {
    const resume = this.#token ? { token: this.#token, seconds: this.#settled } : undefined;
    const transcription = (this.#transcription = new Transcription({ ...this.#options, purpose: "file", resume }, {
      onReady: async ({ resume_token: token }) => {
        this.#token = token;
        const from = this.#settled;
        if (!(await sendAll(this.#samples, transcription, (seconds) => this.#progress(seconds), from))) return;
        transcription.finish();
      },
      onTranscript: (transcript) => {
        this.#failures = 0;
        this.#settle(transcript.end ?? 0);
        this.#handlers.onTranscript(transcript);
      },
      onAcknowledged: (seconds) => this.#settle(seconds),
      onNote: (trouble) => this.#handlers.onTrouble(trouble),
      onEnd: (end) => this.#ended(end),
    }));
  }

  /** @param {number} sent Seconds. */
  #progress(sent) {
    this.#sent = Math.max(this.#sent, sent);
    const total = secondsOf(this.#samples) || 1;
    const words = this.#sent < total ? gettext("Sending") : gettext("Transcribing");
    this.#handlers.onProgress(words, Math.min(1, (0.2 * this.#sent + 0.8 * this.#settled) / total));
  }

  /** @param {number} seconds */
  #settle(seconds) {
    this.#settled = Math.max(this.#settled, seconds);
    this.#progress(this.#sent);
  }

  /** @param {import("./transcription.js").End} end */
  #ended(end) {
    if (end.orderly) return this.#handlers.onEnd("complete");
    this.#failures += 1;
    if (!end.lost || this.#failures > MOST_FAILURES) {
      this.#handlers.onTrouble(end.trouble);
      return this.#handlers.onEnd("failed");
    }
    const seconds = Math.ceil(end.retryAfter ?? 2 ** (this.#failures - 1));
    this.#handlers.onTrouble({ ...end.trouble, advice: interpolate(gettext("Resuming in %(seconds)s s."), { seconds }), tone: "wait" });
    this.#timer = setTimeout(() => {
      this.#handlers.onTrouble(null);
      this.#connect();
    }, seconds * 1000);
    return undefined;
  }
}
