// One connection to /ws/stt: audio goes in, transcripts and troubles come out.

import { gettext, interpolate } from "./i18n.js";
import { mayTryAgain } from "./reconnection.js";
import { openSocket } from "./server.js";

/** @typedef {import("./page.js").Trouble} Trouble */

/**
 * @typedef {object} Transcript
 * @property {string} text
 * @property {number} duration
 * @property {number} [start]
 * @property {number} [end]
 * @property {string} [language]
 * @property {number} [latency_ms]
 * @property {number} [utterance_id]
 * @property {import("./exports.js").Word[]} [words]
 *
 * @typedef {object} Partial
 * @property {string} text
 * @property {string} [stable_text] Its beginning that will not change any more.
 * @property {number} start
 * @property {number} utterance_id
 *
 * @typedef {object} ListenOptions
 * @property {string} [language] A code, or nothing for the server's setting.
 * @property {boolean} [words] Ask for the times of the words.
 * @property {boolean} [translate] Into English.
 * @property {string} [prompt]
 * @property {string} [hotwords]
 * @property {"live"|"file"} [purpose]
 * @property {{token: string, seconds: number}} [resume] Go on where a lost connection was.
 *
 * @typedef {object} Ready
 * @property {string} model
 * @property {string} [resume_token]
 *
 * @typedef {object} Handlers
 * @property {(ready: Ready) => void} onReady
 * @property {(transcript: Transcript) => void} onTranscript
 * @property {(partial: Partial) => void} [onPartial]
 * @property {(speaking: boolean) => void} [onSpeech]
 * @property {(seconds: number) => void} [onAcknowledged] Everything before is written down.
 * @property {(milliseconds: number) => void} [onLag] So late is the server.
 * @property {(trouble: Trouble) => void} onNote Something to know; the connection goes on.
 * @property {(end: End) => void} onEnd Called once.
 *
 * @typedef {object} End
 * @property {boolean} orderly All that was said has arrived.
 * @property {boolean} lost Whether the rest would come on another connection.
 * @property {number} [retryAfter] Seconds.
 * @property {Trouble} trouble
 */

/** Unsent bytes beyond which a sender waits, so that memory stays small. */
const MAX_UNSENT_BYTES = 256 * 1024;
const LOOK_AGAIN_MS = 20;

export class Transcription {
  #socket;
  #options;
  #handlers;
  /** @type {{code: string, message: string, retry_after?: number}|null} */
  #error = null;
  #finished = false;
  /** The server has said goodbye: every transcript has arrived. */
  #complete = false;

  /**
   * @param {ListenOptions} options
   * @param {Handlers} handlers
   */
  constructor(options, handlers) {
    this.#options = options;
    this.#handlers = handlers;
    const query = queryOf(options);
    this.#socket = openSocket(`/ws/stt?${query}`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => this.#heard(JSON.parse(data));
    this.#socket.onclose = ({ code }) => this.#closed(code);
  }

  /**
   * Live audio. While the connection is not open it is dropped.
   * @param {ArrayBuffer} pcm
   */
  send(pcm) {
    if (this.#socket.readyState === WebSocket.OPEN && !this.#finished) this.#socket.send(pcm);
  }

  /** Wait until the socket has sent most of what it was given; false when it has closed. */
  async room() {
    while (this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount > MAX_UNSENT_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** No more audio. The remaining transcripts still arrive, or an error says that they do not. */
  finish() {
    this.#finished = true;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send('{"type": "close"}');
  }

  /** Leave without waiting for anything. */
  abandon() {
    this.#finished = true;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
  }

  /** Texts go in a message: addresses are logged, and their length is limited. */
  #configure() {
    const { prompt, hotwords } = this.#options;
    const given = { ...(prompt && { prompt }), ...(hotwords && { hotwords }) };
    if (Object.keys(given).length) this.#socket.send(JSON.stringify({ type: "configure", ...given }));
  }

  /** @param {any} message */
  #heard(message) {
    switch (message.type) {
      case "ready":
        this.#configure();
        return this.#handlers.onReady(message);
      case "transcript":
        return message.text ? this.#handlers.onTranscript(message) : undefined;
      case "partial":
        return this.#handlers.onPartial?.(message);
      case "speech_started":
      case "speech_ended":
        return this.#handlers.onSpeech?.(message.type === "speech_started");
      case "ack":
        return this.#handlers.onAcknowledged?.(message.audio_seconds);
      case "status":
        return this.#told(message);
      case "closed":
        this.#complete = true;
        return undefined;
      case "error":
        this.#error = message;
        return this.#handlers.onNote({ title: message.message });
      default:
        return undefined;
    }
  }

  /** @param {{lag_ms: number, closes_in_seconds?: number}} status */
  #told({ lag_ms: lag, closes_in_seconds: left }) {
    this.#handlers.onLag?.(lag);
    if (left === undefined || left === null) return;
    this.#handlers.onNote({
      title: interpolate(gettext("This connection ends in %(seconds)s s."), { seconds: Math.round(left) }),
      advice: gettext("It has reached the server's time limit. Stop, then press the button again."),
      tone: "wait",
    });
  }

  /** @param {number} code */
  #closed(code) {
    const orderly = this.#complete && this.#finished;
    this.#handlers.onEnd({
      orderly,
      lost: !orderly && mayTryAgain(code, this.#error?.retry_after),
      retryAfter: this.#error?.retry_after,
      trouble: CLOSINGS[code] ? { advice: this.#error?.message, ...CLOSINGS[code] } : {
        title: this.#error?.message ?? gettext("The connection was lost."),
        advice: this.#error ? undefined : gettext("The server may be restarting, or the network is down."),
      },
    });
  }
}

/** @param {ListenOptions} options */
function queryOf({ language, words, translate, purpose = "live", resume }) {
  const query = new URLSearchParams({ sample_rate: "16000", purpose });
  if (purpose === "live") query.set("interim_results", "true");
  if (language) query.set("language", language);
  if (words) query.set("word_timestamps", "true");
  if (translate) query.set("task", "translate");
  if (resume) {
    query.set("resume", resume.token);
    query.set("audio_seconds", String(resume.seconds));
  }
  return query;
}

/** @type {Record<number, Trouble>} */
const CLOSINGS = {
  4401: { title: gettext("This server needs a key."), advice: gettext("Sign in on the Admin page, then come back.") },
  4403: { title: gettext("This page may not use the microphone service."), advice: gettext("Open it at the server's own address.") },
  4404: { title: gettext("There is no speech to text service at this address."), advice: gettext("Speech to text may run as a separate service, on another port.") },
  4408: { title: gettext("The connection was idle for too long."), advice: gettext("Press the button to continue."), tone: "wait" },
  4429: { title: gettext("There are too many connections from here."), tone: "wait" },
  4503: { title: gettext("The server is busy with other speakers."), tone: "wait" },
  4512: { title: gettext("The server is restarting."), tone: "wait" },
};
