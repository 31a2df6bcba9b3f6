// A conversation on one connection: the messages of the server become turns, replies and sound.

import { VoiceConnection } from "./voice-connection.js";

/** @typedef {import("./page.js").Trouble} Trouble */
/** @typedef {"listening"|"hearing"|"thinking"|"speaking"|"paused"} Turn Who has the turn; `paused`: a reply that may be interrupted. */
/** @typedef {{id: string, role: "user"|"assistant", text: string}} Item */

/**
 * @typedef {object} SessionStart
 * @property {string} token To come back with after a lost connection.
 * @property {boolean} resumed Whether the conversation of an earlier connection goes on.
 * @property {number} audioSeconds So much of its audio was received.
 * @property {{id: string, role: "user"|"assistant", text: string, done: boolean}[]} items What was said in it.
 * @property {Record<string, string>} notReady The models that are not warm, each with a sentence.
 */

/**
 * @typedef {object} Recall What a server has to be told that was not there before.
 * @property {readonly Item[]} history What was said, unless the conversation goes on.
 * @property {readonly ArrayBuffer[]} portions The audio that it has not received yet.
 */

/**
 * @typedef {object} ConversationHandlers
 * @property {(session: SessionStart) => Recall} onReady
 * @property {(turn: Turn) => void} onTurn
 * @property {(item: string, text: string) => void} onCaption What the user is saying so far.
 * @property {(item: string, text: string) => void} onSaid What the user has said.
 * @property {(item: string) => void} onRemoved
 * @property {(item: string) => void} onReply A reply begins.
 * @property {(item: string, startMs: number, text: string) => void} onClause
 * @property {(item: string, ms: number) => void} onHeard So much of the reply was heard.
 * @property {(item: string, text: string, complete: boolean) => void} onReplied The reply is over; `text` is what was heard of it.
 * @property {(item: string) => void} onPlayedOut Nothing of the reply is left to be heard.
 * @property {(item: string) => void} onCut It was stopped after `onReplied`.
 * @property {(item: string, stages: Record<string, number>) => void} onStages
 * @property {(trouble: Trouble) => void} onNote
 * @property {(end: {again: boolean, retryAfter?: number, trouble: Trouble}) => void} onEnd
 */

/**
 * @typedef {object} Reply
 * @property {string} id
 * @property {number} number
 * @property {string} item
 * @property {number} rate
 * @property {number} arrivedAt When its first audio came, or 0.
 * @property {number} playbackMs From there to the ear, or -1.
 * @property {number} playedMs
 * @property {boolean} done All of it has arrived.
 */

/** @typedef {{item: string, ms: number}} Cut A reply, and how much of it was heard. */

const REPORT_MS = 200;
/** Speech begins a little before it is noticed. */
const BEFORE_SPEECH_SECONDS = 0.5;
/** A server that ends takes no audio any more while it finishes what was said before. */
const UNHEARD_SECONDS = 10;

export class Conversation {
  #connection;
  #player;
  #handlers;
  #session;
  #lost;
  /** @type {Reply|null} */
  #reply = null;
  /** The one whose metrics are to come. @type {Reply|null} */
  #last = null;
  #hearing = false;
  #awaiting = false;
  #paused = false;
  #ready = false;
  #reportedAt = 0;
  /** Where in the audio the newest speech of the user begins and ends, in seconds. */
  #speech = { start: 0, end: 0 };
  /** Whether its text has not arrived yet. */
  #isUntold = false;
  #isUnanswered = false;
  /** The spoken turns with a text of which no answer was heard yet. @type {string[]} */
  #unanswered = [];

  /**
   * @param {object} session The changes for `session.update`.
   * @param {{token: string, cut: Cut|null}} lost That of a conversation to resume, and its reply.
   * @param {import("./reply-player.js").ReplyPlayer} player
   * @param {ConversationHandlers} handlers
   */
  constructor(session, lost, player, handlers) {
    this.#session = session;
    this.#lost = lost;
    this.#player = player;
    this.#handlers = handlers;
    this.#connection = new VoiceConnection(lost.token, {
      onMessage: (message) => this.#received(message),
      onAudio: (number, samples) => this.#sounded(number, samples),
      onNote: (trouble) => this.#failed(trouble),
      onEnd: handlers.onEnd,
    });
  }

  /** Whether there is a reply to stop. */
  get hasReply() {
    return this.#reply !== null;
  }

  /** How much was heard of the reply that is played. @returns {Cut|null} */
  get cut() {
    return this.#reply && { item: this.#reply.item, ms: Math.round(this.#reply.playedMs) };
  }

  /** Whether nothing was heard yet of a reply that the user waits for. */
  get isUnanswered() {
    return this.#isUnanswered;
  }

  /**
   * The spoken turns that wait for a reply. A server that ends may have cut the last one
   * short, so another one must hear all of them again.
   */
  get unanswered() {
    return [...this.#unanswered];
  }

  /**
   * The position in the audio, in seconds, from which another server needs it: this one has
   * sent no text of what was said since, or no reply to it was heard.
   * @param {number} endSeconds Of all that was recorded.
   */
  untoldFrom(endSeconds) {
    if (this.#isUntold || this.#unanswered.length) return this.#speech.start - BEFORE_SPEECH_SECONDS;
    return Math.max(this.#speech.end, endSeconds - UNHEARD_SECONDS);
  }

  /** Answer what was said on an earlier connection, unless that is answered already. */
  answerAgain() {
    this.#awaiting = this.#isUnanswered = true;
    this.#connection.trySend({ type: "response.create" });
    this.#showTurn();
  }

  /**
   * @param {ArrayBuffer} pcm
   * @returns {boolean} Whether it is lost: the network is too slow.
   */
  hear(pcm) {
    return this.#ready && this.#connection.sendAudio(pcm);
  }

  /** @param {object} session */
  update(session) {
    this.#session = session;
    if (this.#ready) this.#connection.send({ type: "session.update", session });
  }

  /**
   * Say something typed, which ends a reply. All of it gets one reply.
   * @param {...{id: string, text: string}} writings
   */
  write(...writings) {
    this.stop();
    for (const { id, text } of writings) this.#add({ id, role: "user", text });
    this.#awaiting = this.#isUnanswered = true;
    this.#unanswered = [];
    this.#connection.send({ type: "response.create" });
    this.#showTurn();
  }

  /** End the reply now. */
  stop() {
    if (!this.#reply) return;
    this.#wasAnswered();
    this.#report(this.#reply);
    // Even if all of it has arrived: its end was not heard, and the history must not have it.
    this.#connection.trySend({ type: "response.cancel" });
    this.#silence();
  }

  close() {
    this.#connection.close();
    this.#player.flush();
  }

  /**
   * The player reports how much was heard.
   * @param {number} number
   * @param {number} ms
   * @param {number} lateMs The delay of the loudspeaker.
   */
  played(number, ms, lateMs) {
    const reply = this.#reply;
    if (reply?.number !== number) return;
    this.#wasAnswered();
    if (reply.playbackMs < 0) {
      reply.playbackMs = performance.now() - reply.arrivedAt + lateMs;
      this.#showTurn();
    }
    reply.playedMs = ms;
    this.#handlers.onHeard(reply.item, ms);
    if (performance.now() - this.#reportedAt >= REPORT_MS) this.#report(reply);
  }

  /** @param {number} number Of the reply of which nothing is left to play. */
  ended(number) {
    if (this.#reply?.number !== number || !this.#reply.done) return;
    this.#handlers.onPlayedOut(this.#reply.item);
    this.#reply = null;
    this.#showTurn();
  }

  /** @param {Item} item */
  #add({ id, role, text }) {
    const content = [{ type: role === "user" ? "input_text" : "output_text", text }];
    this.#connection.send({ type: "conversation.item.create", item: { id, type: "message", role, content } });
  }

  /** @param {any} message */
  #received(message) {
    this.#take(message);
    this.#showTurn();
  }

  /** @param {any} message */
  #take(message) {
    switch (message.type) {
      case "session.created":
        return this.#begin(message.session);
      case "input_audio_buffer.speech_started":
        if (!this.#isUntold && !this.#unanswered.length) this.#speech.start = message.audio_start_ms / 1000;
        this.#hearing = this.#isUntold = true;
        if (this.#reply?.done) this.#silence();
        return undefined;
      case "input_audio_buffer.speech_stopped":
        this.#speech.end = message.audio_end_ms / 1000;
        this.#hearing = false;
        this.#awaiting = true;
        return undefined;
      case "x.caption":
        return this.#handlers.onCaption(message.item_id, message.text);
      case "conversation.item.input_audio_transcription.completed":
        this.#hearing = this.#isUntold = false;
        this.#isUnanswered = true;
        this.#unanswered.push(message.item_id);
        return this.#handlers.onSaid(message.item_id, message.transcript);
      case "x.turn.dropped":
        this.#hearing = this.#awaiting = this.#isUntold = false;
        return this.#handlers.onRemoved(message.item_id);
      case "x.turn.reopened":
        return this.#reopen(message);
      default:
        return this.#takeOfReply(message);
    }
  }

  /** @param {any} message */
  #takeOfReply(message) {
    switch (message.type) {
      case "response.created":
        return this.#start(message.response);
      case "response.output_item.added":
        return this.#name(message.item.id);
      case "x.output.clause":
        return this.#clause(message);
      case "x.speech.candidate":
        return this.#player.soften();
      case "x.output.pause":
      case "x.output.resume":
        this.#paused = message.type === "x.output.pause";
        return this.#player.pause(this.#paused);
      case "response.done":
        return this.#finish(message.response);
      case "x.metrics":
        return this.#measure(message);
      default:
        return undefined;
    }
  }

  /** @param {any} session */
  #begin(session) {
    this.#ready = true;
    this.#connection.send({ type: "session.update", session: this.#session });
    const resumed = session["x.resumed"] === true;
    if (resumed) this.#correct(this.#lost.cut);
    const { history, portions } = this.#handlers.onReady({
      token: session["x.resume_token"] ?? "",
      resumed,
      audioSeconds: (session["x.audio_ms"] ?? 0) / 1000,
      items: session["x.items"] ?? [],
      notReady: session["x.not_ready"] ?? {},
    });
    if (!resumed) for (const item of history) this.#add(item);
    this.#connection.replay(portions);
  }

  /** @param {Cut|null} cut The server has only estimated it. */
  #correct(cut) {
    if (cut?.item) this.#connection.trySend({ type: "conversation.item.truncate", item_id: cut.item, audio_end_ms: cut.ms });
  }

  /** @param {{item_id: string, response_item_id: string}} message */
  #reopen({ item_id: said, response_item_id: replied }) {
    this.#awaiting = false;
    this.#hearing = this.#isUntold = true;
    this.#unanswered = this.#unanswered.filter((item) => item !== said);
    this.#silence();
    this.#last = null;
    this.#handlers.onRemoved(replied);
    this.#handlers.onCaption(said, "");
  }

  /** @param {any} response */
  #start(response) {
    if (this.#reply) this.#player.flush();
    this.#awaiting = false;
    this.#paused = false;
    this.#reply = { id: response.id, number: response["x.number"], item: "", rate: 0, arrivedAt: 0, playbackMs: -1, playedMs: 0, done: false };
    this.#last = this.#reply;
  }

  /** @param {string} item */
  #name(item) {
    if (!this.#last) return;
    this.#last.item = item;
    this.#handlers.onReply(item);
  }

  /** @param {{response_id: string, start_ms: number, text: string, rate: number}} message */
  #clause({ response_id: id, start_ms: startMs, text, rate }) {
    if (this.#reply?.id !== id) return;
    this.#reply.rate = rate;
    this.#handlers.onClause(this.#reply.item, startMs, text);
  }

  /**
   * @param {number} number
   * @param {Int16Array} samples
   */
  #sounded(number, samples) {
    const reply = this.#reply;
    if (reply?.number !== number || !reply.rate) return;
    reply.arrivedAt ||= performance.now();
    this.#player.add(number, reply.rate, samples);
  }

  /** @param {any} response */
  #finish({ id, status, output }) {
    const text = output[0]?.content[0]?.transcript ?? "";
    // Without an end of its own, as at the limit of its length, it is played all the same.
    const isWhole = status === "completed" || status === "incomplete";
    if (status === "failed") this.#wasAnswered();
    if (this.#last?.id === id) this.#handlers.onReplied(this.#last.item, text, isWhole);
    if (this.#reply?.id !== id) return;
    this.#reply.done = true;
    if (isWhole) this.#player.complete(this.#reply.number);
    else this.#silence();
  }

  /** @param {{response_id: string, stages_ms: Record<string, number>}} message */
  #measure({ response_id: id, stages_ms: stages }) {
    if (this.#last?.id !== id) return;
    const { item, playbackMs } = this.#last;
    const sent = stages.first_sent;
    const heard = sent !== undefined && playbackMs >= 0 ? { heard: sent + playbackMs } : {};
    this.#handlers.onStages(item, { ...stages, ...heard });
  }

  /** @param {Reply} reply */
  #report({ id, playedMs }) {
    this.#reportedAt = performance.now();
    this.#connection.trySend({ type: "x.played", response_id: id, ms: Math.round(playedMs) });
  }

  /** Something of the reply was heard, or the user does not want it. */
  #wasAnswered() {
    this.#isUnanswered = false;
    this.#unanswered = [];
  }

  #silence() {
    if (this.#reply?.done) this.#handlers.onCut(this.#reply.item);
    this.#player.flush();
    this.#paused = false;
    this.#reply = null;
    this.#showTurn();
  }

  /** @param {Trouble} trouble */
  #failed(trouble) {
    this.#awaiting = false;
    this.#handlers.onNote(trouble);
    this.#showTurn();
  }

  #showTurn() {
    this.#handlers.onTurn(this.#turn());
  }

  /** @returns {Turn} */
  #turn() {
    if (this.#hearing) return "hearing";
    if (!this.#reply) return this.#awaiting ? "thinking" : "listening";
    if (this.#paused) return "paused";
    return this.#reply.playbackMs < 0 ? "thinking" : "speaking";
  }
}
