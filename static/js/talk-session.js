// Microphone, connection and player together; connects again when the connection is lost.

import { Conversation } from "./conversation.js";
import { gettext } from "./i18n.js";
import { KeptAudio } from "./kept-audio.js";
import { Microphone, UNPLUGGED, microphoneTrouble } from "./microphone.js";
import { Reconnection } from "./reconnection.js";
import { ReplyPlayer } from "./reply-player.js";

/** @typedef {import("./page.js").Trouble} Trouble */
/** @typedef {"off"|"opening"|"on"|"waiting"} Phase */
/** @typedef {Omit<import("./conversation.js").ConversationHandlers, "onReady"|"onNote"|"onEnd"> & {
 *   onPhase: (phase: Phase) => void,
 *   onLevel: (level: number) => void,
 *   onItems: (items: import("./conversation.js").SessionStart["items"]) => void,
 *   onTrouble: (trouble: Trouble|null) => void,
 *   onCountdown: (trouble: Trouble, seconds: number) => void,
 * }} TalkHandlers */

/** How much audio is kept while the connection is lost; older audio is dropped. */
const MOST_WAITING_SECONDS = 60;
/** The server needs the noise of the room; the browser still cancels the echo of the reply. */
const MICROPHONE = { noiseSuppression: false };

const NOTHING = { token: "", cut: null, isUnanswered: false, unanswered: [] };

export class TalkSession {
  /** @type {Phase} */
  phase = "off";
  #handlers;
  #wishes;
  #history;
  /** @type {Conversation|null} */
  #conversation = null;
  /** @type {Microphone|null} */
  #microphone = null;
  /** @type {ReplyPlayer|null} */
  #player = null;
  /** Texts for the connection that is being opened. @type {{id: string, text: string}[]} */
  #toWrite = [];
  /** Where replies sound, or empty. */
  #output = "";
  /** What was recorded lately, for a server that has not received it. */
  #kept = new KeptAudio(MOST_WAITING_SECONDS);
  /** The position in the audio, in seconds, from which a server without the conversation needs it. */
  #untoldFrom = 0;
  /** What the lost connection left. @type {{token: string, cut: import("./conversation.js").Cut|null, isUnanswered: boolean, unanswered: string[]}} */
  #lost = { ...NOTHING };
  #reconnection;

  /**
   * @param {TalkHandlers} handlers
   * @param {() => object} wishes What `session.update` shall change.
   * @param {() => import("./conversation.js").Item[]} history What was said so far.
   */
  constructor(handlers, wishes, history) {
    this.#handlers = handlers;
    this.#reconnection = new Reconnection(() => this.#connect(), handlers.onCountdown);
    this.#wishes = wishes;
    this.#history = history;
    addEventListener("online", () => {
      if (this.phase === "waiting") this.connectNow();
    });
  }

  get hears() {
    return this.#microphone !== null;
  }

  get hasReply() {
    return this.#conversation?.hasReply ?? false;
  }

  /**
   * Open the microphone, and the conversation if there is none.
   * @param {string} device Empty for the usual one.
   */
  async start(device) {
    this.#handlers.onTrouble(null);
    if (this.phase === "off") this.#enter("opening");
    if (!(await this.#openMicrophone(device))) {
      if (!this.#conversation) this.end();
      return;
    }
    if (this.phase === "off") this.#closeMicrophone();
    else if (this.#conversation) this.#enter(this.phase);
    else await this.#open();
  }

  end() {
    this.#reconnection.reset();
    this.#closeMicrophone();
    this.#conversation?.close();
    this.#conversation = null;
    this.#player?.close();
    this.#player = null;
    this.#toWrite = [];
    this.#forgetAudio();
    this.#enter("off");
  }

  /**
   * Say something typed; without a conversation one begins, without the microphone.
   * @param {string} id
   * @param {string} text
   */
  async write(id, text) {
    if (this.phase === "on") return this.#conversation?.write({ id, text });
    this.#toWrite.push({ id, text });
    if (this.phase !== "off") return undefined;
    this.#handlers.onTrouble(null);
    this.#enter("opening");
    return this.#open();
  }

  stopReply() {
    this.#conversation?.stop();
  }

  /** The settings have changed. */
  update() {
    this.#conversation?.update(this.#wishes());
  }

  /**
   * Another microphone, if one is open.
   * @param {string} device
   */
  async changeMicrophone(device) {
    if (!this.#microphone) return;
    this.#closeMicrophone();
    if (!(await this.#openMicrophone(device))) this.end();
  }

  /**
   * Replies sound from another device from now on.
   * @param {string} device Empty for the usual one.
   */
  async changeOutput(device) {
    if (device === this.#output) return;
    this.#output = device;
    await this.#useOutput();
  }

  async #useOutput() {
    try {
      await this.#player?.useOutput(this.#output);
    } catch {
      this.#handlers.onTrouble({ title: gettext("The selected output is not available."), advice: gettext("Choose another one from the list."), tone: "wait" });
    }
  }

  /** Do not wait for the countdown. */
  connectNow() {
    if (this.phase === "waiting") this.#reconnection.now();
  }

  /** @param {string} device */
  async #openMicrophone(device) {
    try {
      const opened = await Microphone.open(device, (pcm, level) => this.#heard(pcm, level), () => this.#unplugged(), MICROPHONE);
      this.#microphone?.close();
      this.#microphone = opened;
      return true;
    } catch (error) {
      this.#handlers.onTrouble(talkTrouble(error));
      return false;
    }
  }

  async #open() {
    try {
      this.#player ??= await ReplyPlayer.open({
        onPlayed: (number, ms, late) => this.#conversation?.played(number, ms, late),
        onEnded: (number) => this.#conversation?.ended(number),
      });
    } catch (error) {
      this.end();
      this.#handlers.onTrouble({ title: gettext("The browser cannot play sound."), advice: String(error) });
      return;
    }
    if (this.#output) await this.#useOutput();
    if (this.phase === "opening") this.#connect();
  }

  #connect() {
    if (!this.#player) return;
    if (this.phase !== "opening") this.#enter("opening");
    this.#conversation = new Conversation(this.#wishes(), this.#lost, this.#player, {
      ...this.#handlers,
      onReady: (session) => this.#ready(session),
      onNote: this.#handlers.onTrouble,
      onEnd: (end) => this.#ended(end),
    });
  }

  /**
   * @param {import("./conversation.js").SessionStart} session
   * @returns {import("./conversation.js").Recall}
   */
  #ready({ token, resumed, audioSeconds, items, notReady }) {
    this.#reconnection.reset();
    const saysAgain = !resumed && this.#sayAgain();
    const isUnanswered = this.#lost.isUnanswered && !resumed && !saysAgain;
    this.#lost = { ...NOTHING, token };
    this.#kept.settle(resumed ? audioSeconds : this.#untoldFrom);
    if (!resumed) this.#kept.startAnew();
    const portions = [...this.#kept.portions];
    this.#handlers.onItems(items);
    this.#enter("on");
    const sentences = Object.values(notReady);
    this.#handlers.onTrouble(sentences.length ? {
      title: gettext("Not everything is ready yet; the first replies may be late or fail."),
      advice: sentences.join(" "),
      tone: "wait",
    } : null);
    const writings = this.#toWrite.splice(0);
    const waiting = new Set(writings.map(({ id }) => id));
    const history = this.#history().filter(({ id }) => !waiting.has(id));
    queueMicrotask(() => {
      if (writings.length) this.#conversation?.write(...writings);
      else if (isUnanswered) this.#conversation?.answerAgain();
    });
    return { history, portions };
  }

  /**
   * Let another server hear the spoken turns that were not answered, in place of their
   * texts: the last one may have been cut short.
   * @returns {boolean} Whether there are any, and all of their audio is here.
   */
  #sayAgain() {
    const { unanswered } = this.#lost;
    if (!unanswered.length) return false;
    if (this.#kept.startSeconds > Math.max(0, this.#untoldFrom)) return false;
    for (const item of unanswered) this.#handlers.onRemoved(item);
    return true;
  }

  /** @param {{again: boolean, retryAfter?: number, trouble: Trouble}} end */
  #ended(end) {
    this.#player?.flush();
    if (this.phase === "on") {
      this.#lost.cut = this.#conversation?.cut ?? null;
      this.#lost.isUnanswered = this.#conversation?.isUnanswered ?? false;
      this.#lost.unanswered = this.#conversation?.unanswered ?? [];
      this.#untoldFrom = this.#conversation?.untoldFrom(this.#kept.endSeconds) ?? 0;
    }
    this.#conversation = null;
    if (!end.again) {
      this.end();
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
    this.#handlers.onLevel(level);
    const isDropped = this.#conversation?.hear(pcm) ?? false;
    if (!isDropped) this.#kept.add(pcm);
  }

  /** The next conversation has its own. */
  #forgetAudio() {
    this.#kept = new KeptAudio(MOST_WAITING_SECONDS);
    this.#untoldFrom = 0;
    this.#lost = { ...NOTHING };
  }

  #unplugged() {
    this.end();
    this.#handlers.onTrouble(UNPLUGGED);
  }

  #closeMicrophone() {
    this.#microphone?.close();
    this.#microphone = null;
    this.#handlers.onLevel(0);
  }

  /** @param {Phase} phase */
  #enter(phase) {
    this.phase = phase;
    this.#handlers.onPhase(phase);
  }
}

/**
 * The words for a microphone that does not open; on this page one can write instead.
 * @param {unknown} error
 * @returns {Trouble}
 */
export function talkTrouble(error) {
  const trouble = microphoneTrouble(error);
  if (!navigator.mediaDevices) {
    return { ...trouble, advice: gettext("Open this page as http://localhost on the server itself, or use HTTPS.") };
  }
  if (error instanceof DOMException && error.name === "NotFoundError") {
    return { ...trouble, advice: gettext("Connect one and press the button again, or write below.") };
  }
  if (error instanceof DOMException && error.name === "NotAllowedError") {
    return { ...trouble, advice: gettext("Allow it in the address bar or in the site settings and press the button again, or write below.") };
  }
  return trouble;
}
