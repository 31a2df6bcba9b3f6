// Live listening: microphone and connection together, with reconnecting.

import { KeptAudio } from "./kept-audio.js";
import { Microphone, UNPLUGGED, microphoneTrouble } from "./microphone.js";
import { Reconnection } from "./reconnection.js";
import { Transcription } from "./transcription.js";

/** @typedef {import("./page.js").Trouble} Trouble */
/** @typedef {"idle"|"opening"|"listening"|"finishing"|"waiting"} LiveState */

const SAMPLES_PER_SECOND = 16_000;
/** So much waits for the server while it is away; what is older is lost. */
const MOST_WAITING_SECONDS = 120;

/**
 * @typedef {object} LiveHandlers
 * @property {(state: LiveState) => void} onState
 * @property {(pcm: ArrayBuffer) => void} onAudio 16-bit samples at 16 kHz, as they are recorded.
 * @property {(seconds: number) => void} onLost So much of the beginning was never sent; times count from its end.
 * @property {(level: number) => void} onLevel Root mean square, 0 to 1.
 * @property {(utterance: import("./exports.js").Utterance, latencyMs?: number) => void} onUtterance
 * @property {(partial: import("./transcription.js").Partial) => void} onPartial
 * @property {(speaking: boolean) => void} onSpeech
 * @property {(seconds: number) => void} onSettled Speech before this place is final.
 * @property {(milliseconds: number) => void} onLag
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
  /** @type {import("./transcription.js").ListenOptions} */
  #options = {};
  #kept = new KeptAudio(MOST_WAITING_SECONDS);
  /** @type {string|undefined} */
  #token;
  #heardSamples = 0;
  #reconnection;
  #stopped = false;

  /** @param {LiveHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#reconnection = new Reconnection(() => this.#connect(), handlers.onCountdown);
  }

  /** Seconds of audio that the microphone gave. */
  get seconds() {
    return this.#heardSamples / SAMPLES_PER_SECOND;
  }

  /** Nothing more is recorded; what was said may still be on its way. */
  get stopped() {
    return this.#stopped;
  }

  /**
   * @param {string} deviceId
   * @param {import("./transcription.js").ListenOptions} options
   */
  async start(deviceId, options) {
    this.#options = options;
    this.#kept = new KeptAudio(MOST_WAITING_SECONDS);
    this.#token = undefined;
    this.#heardSamples = 0;
    this.#reconnection.reset();
    this.#stopped = false;
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

  /** Stop listening; what was said still arrives. Called again, it gives that up. */
  stop() {
    const again = this.#stopped;
    this.#stopped = true;
    this.#closeMicrophone();
    if (this.state === "listening") this.#finish();
    else if (again || !this.#token) this.#giveUp();
    else this.#enter(this.state);
  }

  /** Give up a server that is away, with what was said to it meanwhile. */
  stopTrying() {
    this.stop();
    if (this.state !== "idle") this.stop();
  }

  /** Do not wait for the countdown. */
  connectNow() {
    if (this.state === "waiting") this.#reconnection.now();
  }

  #connect() {
    if (this.state !== "opening") this.#enter("opening");
    if (!this.#token) this.#startAnew();
    const resume = this.#token ? { token: this.#token, seconds: this.#kept.startSeconds } : undefined;
    this.#transcription = new Transcription({ ...this.#options, resume }, {
      onReady: ({ resume_token: token }) => this.#ready(token),
      onTranscript: (transcript) => this.#written(transcript),
      onPartial: this.#handlers.onPartial,
      onSpeech: this.#handlers.onSpeech,
      onLag: this.#handlers.onLag,
      onAcknowledged: (seconds) => this.#settle(seconds),
      onNote: this.#handlers.onTrouble,
      onEnd: (end) => this.#ended(end),
    });
  }

  #startAnew() {
    if (this.#kept.startSeconds) this.#handlers.onLost(this.#kept.startSeconds);
    this.#kept.startAnew();
  }

  /** @param {string} [token] */
  #ready(token) {
    this.#reconnection.reset();
    this.#token = token;
    this.#handlers.onTrouble(null);
    for (const pcm of this.#kept.portions) this.#transcription?.send(pcm);
    if (this.#stopped) this.#finish();
    else this.#enter("listening");
  }

  #finish() {
    this.#enter("finishing");
    this.#transcription?.finish();
  }

  #giveUp() {
    this.#reconnection.reset();
    this.#transcription?.abandon();
    this.#transcription = null;
    this.#handlers.onTrouble(null);
    this.#enter("idle");
  }

  /** @param {import("./transcription.js").Transcript} transcript */
  #written({ text, start = 0, end = start, language, words, latency_ms: latency, utterance_id: id }) {
    this.#handlers.onUtterance({ id, text, start, end, language, words }, latency);
    this.#kept.settle(end);
  }

  /** @param {number} seconds */
  #settle(seconds) {
    this.#kept.settle(seconds);
    this.#handlers.onSettled(seconds);
  }

  /** @param {import("./transcription.js").End} end */
  #ended(end) {
    this.#transcription = null;
    if (end.orderly) return this.#enter("idle");
    if (!end.lost) {
      this.#closeMicrophone();
      this.#enter("idle");
      return this.#handlers.onTrouble(end.trouble);
    }
    this.#enter("waiting");
    return this.#reconnection.later(end.trouble, end.retryAfter);
  }

  /**
   * @param {ArrayBuffer} pcm
   * @param {number} level
   */
  #heard(pcm, level) {
    if (this.#stopped) return;
    this.#heardSamples += pcm.byteLength / 2;
    this.#handlers.onLevel(level);
    this.#handlers.onAudio(pcm);
    this.#kept.add(pcm);
    // What is heard meanwhile follows once the server is ready.
    if (this.state === "listening") this.#transcription?.send(pcm);
  }

  #unplugged() {
    this.stop();
    this.#handlers.onTrouble(UNPLUGGED);
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
