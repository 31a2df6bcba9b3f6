// One connection to /ws/voice: audio and messages both ways, and what its end means in words.

import { gettext, interpolate } from "./i18n.js";
import { mayTryAgain } from "./reconnection.js";
import { openSocket } from "./server.js";

/** @typedef {import("./page.js").Trouble} Trouble */

/**
 * @typedef {object} ConnectionHandlers
 * @property {(message: any) => void} onMessage
 * @property {(number: number, samples: Int16Array) => void} onAudio Of the reply with this number.
 * @property {(trouble: Trouble) => void} onNote Something to know; the connection goes on.
 * @property {(end: {again: boolean, retryAfter?: number, trouble: Trouble}) => void} onEnd Called once; `again`: it may be tried again.
 */

const PROTOCOL = "voice.v1";
const HEADER_BYTES = 12;
const NUMBER_AT = 4;
/** An error about such an event is no news. */
const MAY_FAIL = "may-fail";
/** With so much unsent, the network is too slow for what the microphone hears now. */
const MAX_UNSENT_BYTES = 160_000;

export class VoiceConnection {
  #socket;
  #handlers;
  /** @type {{message: string, code?: string, retry_after?: number}|null} */
  #error = null;

  /** Sent at once, so it does not count as late. */
  #replayedBytes = 0;

  /**
   * @param {string} token Of a conversation whose connection was lost, or empty.
   * @param {ConnectionHandlers} handlers
   */
  constructor(token, handlers) {
    this.#handlers = handlers;
    this.#socket = openSocket(token ? `/ws/voice?resume=${token}` : "/ws/voice", [PROTOCOL]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => this.#received(data);
    this.#socket.onclose = ({ code }) => this.#closed(code);
  }

  /**
   * @param {ArrayBuffer} pcm Mono 16-bit samples at 16 kHz.
   * @returns {boolean} Whether it was dropped because the network is too slow.
   */
  sendAudio(pcm) {
    if (!this.#isOpen) return false;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES + this.#replayedBytes) return true;
    this.#socket.send(pcm);
    return false;
  }

  /** @param {readonly ArrayBuffer[]} portions What the server has not received yet. */
  replay(portions) {
    for (const pcm of portions) {
      this.#replayedBytes += pcm.byteLength;
      this.#socket.send(pcm);
    }
  }

  /** @param {object} message */
  send(message) {
    if (this.#isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** @param {object} message Whose refusal is no news. */
  trySend(message) {
    this.send({ ...message, event_id: MAY_FAIL });
  }

  close() {
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
  }

  get #isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** @param {ArrayBuffer|string} data */
  #received(data) {
    if (data instanceof ArrayBuffer) {
      const number = new DataView(data).getUint32(NUMBER_AT, true);
      return this.#handlers.onAudio(number, new Int16Array(data.slice(HEADER_BYTES)));
    }
    const message = JSON.parse(data);
    if (message.type === "error") return this.#failed(message.error);
    if (message.type === "x.closing") return this.#closesSoon(message.seconds);
    return this.#handlers.onMessage(message);
  }

  /** @param {{message: string, code?: string, event_id?: string, retry_after?: number}} error */
  #failed(error) {
    if (error.event_id === MAY_FAIL) return;
    this.#error = error;
    this.#handlers.onNote({ title: error.message });
  }

  /** @param {number} seconds */
  #closesSoon(seconds) {
    this.#handlers.onNote({
      title: interpolate(gettext("This connection ends in %(seconds)s s."), { seconds: Math.round(seconds) }),
      advice: gettext("It has reached the server's time limit. The page connects again by itself."),
      tone: "wait",
    });
  }

  /** @param {number} code */
  #closed(code) {
    const lost = navigator.onLine ? {
      title: gettext("The connection was lost."),
      advice: this.#error?.message ?? gettext("The server may be restarting, or the network is down."),
    } : {
      title: gettext("This device has no network."),
      advice: gettext("The conversation goes on when it is back."),
    };
    const known = ERRORS[this.#error?.code ?? ""] ?? CLOSINGS[code];
    const advice = known?.advice ?? this.#error?.message;
    const retryAfter = code === EXPIRED ? 0 : this.#error?.retry_after;
    this.#handlers.onEnd({
      again: mayTryAgain(code, retryAfter),
      retryAfter,
      trouble: known ? { ...known, advice } : lost,
    });
  }
}

const EXPIRED = 4440;

/** Where the close code says too little; the server's sentence follows. @type {Record<string, Trouble>} */
const ERRORS = {
  overloaded: { title: gettext("The server is busy."), tone: "wait" },
  loading: { title: gettext("The server is loading its models."), tone: "wait" },
  quota_exceeded: { title: gettext("Your quota for today is used up."), tone: "wait" },
};

/** @type {Record<number, Trouble>} */
const CLOSINGS = {
  4401: { title: gettext("This server needs a key."), advice: gettext("Sign in on the Admin page, then come back.") },
  4403: { title: gettext("You may not hold conversations with this server."), advice: gettext("Its administrator can allow it, with the scope chat.") },
  4404: { title: gettext("This server holds no conversations."), advice: gettext("That takes speech to text and text to speech in one process.") },
  4408: { title: gettext("The connection was idle for too long."), advice: gettext("Press the button to continue."), tone: "wait" },
  4429: { title: gettext("There are too many connections from here."), tone: "wait" },
  [EXPIRED]: { title: gettext("The connection has reached its time limit."), tone: "wait" },
  4503: { title: gettext("A part of the server does not work now."), tone: "wait" },
  4512: { title: gettext("The server is restarting."), tone: "wait" },
};
