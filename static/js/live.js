// Live listening: microphone and connection together, with reconnecting.

import { Microphone, microphoneTrouble } from "./microphone.js";
import { Transcription } from "./transcription.js";

/** @typedef {import("./page.js").Trouble} Trouble */
/** @typedef {"idle"|"opening"|"listening"|"finishing"|"waiting"} LiveState */

const LONGEST_WAIT_SECONDS = 15;
const SAMPLES_PER_SECOND = 16_000;

/**
 * @typedef {object} LiveHandlers
 * @property {(state: LiveState) => void} onState
 * @property {(level: number) => void} onLevel Root mean square, 0 to 1.
 * @property {(utterance: import("./exports.js").Utterance, latencyMs?: number) => void} onUtterance
 * @property {(partial: {text: string, stable_text?: string}) => void} onPartial
 * @property {(trouble: Trouble|null) => void} onTrouble
 * @property {(trouble: Trouble, seconds: number) => void} onCountdown
 */

export class LiveListening {
  /** @type {LiveState} */
  state = "idle";
  #handlers;
  /** @type {Microphone|null} */
  #microphone = null;
  /** @type {Transcription|null} */
  #transcription = null;
  #language = "";
  #heardSamples = 0;
  #failures = 0;
  #timer = 0;

  /** @param {LiveHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** Seconds of audio that the microphone gave. */
  get seconds() {
    return this.#heardSamples / SAMPLES_PER_SECOND;
  }

  /**
   * @param {string} deviceId
   * @param {string} language
   */
  async start(deviceId, language) {
    this.#language = language;
    this.#heardSamples = 0;
    this.#failures = 0;
    this.#enter("opening");
    this.#handlers.onTrouble(null);
    try {
      const heard = (/** @type {ArrayBuffer} */ pcm, /** @type {number} */ level) => this.#heard(pcm, level);
      this.#microphone = await Microphone.open(deviceId, heard, () => this.#unplugged());
    } catch (error) {
      this.#enter("idle");
      this.#handlers.onTrouble(microphoneTrouble(error));
      return;
    }
    if (this.state === "opening") this.#connect();
    else this.#closeMicrophone();
  }

  /** Stop listening; what was said still arrives. */
  stop() {
    clearTimeout(this.#timer);
    this.#closeMicrophone();
    if (this.state === "listening" && this.#transcription) {
      this.#enter("finishing");
      this.#transcription.finish();
    } else {
      this.#transcription?.abandon();
      this.#transcription = null;
      this.#handlers.onTrouble(null);
      this.#enter("idle");
    }
  }

  /** Do not wait for the countdown. */
  connectNow() {
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect() {
    const offset = this.seconds;
    if (this.state !== "opening") this.#enter("opening");
    this.#transcription = new Transcription(this.#language, {
      onReady: () => {
        this.#failures = 0;
        this.#handlers.onTrouble(null);
        this.#enter("listening");
      },
      onTranscript: ({ text, start, end, duration, language, latency_ms: latency }) => {
        const until = end ?? this.seconds - offset;
        const from = start ?? until - duration;
        this.#handlers.onUtterance({ text, start: offset + from, end: offset + until, language }, latency);
      },
      onPartial: this.#handlers.onPartial,
      onNote: this.#handlers.onTrouble,
      onEnd: (end) => this.#ended(end),
    });
  }

  /** @param {import("./transcription.js").End} end */
  #ended(end) {
    this.#transcription = null;
    if (end.orderly) return this.#enter("idle");
    if (!end.again || !this.#microphone) {
      this.#closeMicrophone();
      this.#enter("idle");
      return this.#handlers.onTrouble(end.trouble);
    }
    this.#failures += 1;
    const wait = end.retryAfter ?? 2 ** (this.#failures - 1);
    this.#enter("waiting");
    return this.#countDown(end.trouble, Math.ceil(Math.min(wait, LONGEST_WAIT_SECONDS)));
  }

  /**
   * @param {Trouble} trouble
   * @param {number} seconds
   */
  #countDown(trouble, seconds) {
    if (seconds <= 0) return this.#connect();
    this.#handlers.onCountdown(trouble, seconds);
    this.#timer = setTimeout(() => this.#countDown(trouble, seconds - 1), 1000);
    return undefined;
  }

  /**
   * @param {ArrayBuffer} pcm
   * @param {number} level
   */
  #heard(pcm, level) {
    this.#heardSamples += pcm.byteLength / 2;
    this.#handlers.onLevel(level);
    this.#transcription?.send(pcm);
  }

  #unplugged() {
    this.stop();
    this.#handlers.onTrouble({
      title: "The microphone was disconnected.",
      advice: "Connect it, or choose another one, and press the button.",
    });
  }

  #closeMicrophone() {
    this.#microphone?.close();
    this.#microphone = null;
    this.#handlers.onLevel(0);
  }

  /** @param {LiveState} state */
  #enter(state) {
    this.state = state;
    this.#handlers.onState(state);
  }
}
