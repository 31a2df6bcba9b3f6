// What was said: a line for each turn, the newest at the end.

import { speakerOf } from "./conversation-files.js";
import { gettext } from "./i18n.js";
import { byId, make } from "./page.js";
import { ReplyWords } from "./reply-words.js";
import { drawStages } from "./turn-stages.js";

/** @typedef {import("./conversation.js").Item} Item */

/** So near the end, the page follows what is said. */
const NEAR_PX = 80;

/**
 * @typedef {object} Line
 * @property {HTMLElement} element
 * @property {HTMLElement} words
 * @property {"user"|"assistant"} role
 * @property {boolean} final
 * @property {boolean} complete Whether a reply was not interrupted.
 * @property {Record<string, number>} [stages]
 * @property {ReplyWords} [spoken] Of a reply that is not over.
 */

export class TalkLog {
  #box = byId("talk-log");
  #longest = Number(this.#box.dataset.kept);
  /** @type {Map<string, Line>} */
  #lines = new Map();

  /** What was said, for another connection. @returns {Item[]} */
  get items() {
    const said = [...this.#lines].filter(([, { final, words }]) => final && words.dataset.text);
    return said.slice(-this.#longest).map(([id, { role, words }]) => ({ id, role, text: words.dataset.text ?? "" }));
  }

  /** All that was said, to keep it. @returns {import("./kept-conversations.js").KeptLine[]} */
  get lines() {
    const said = [...this.#lines].filter(([, { final, words }]) => final && words.dataset.text);
    return said.map(([id, { role, words, complete, stages }]) => ({ id, role, text: words.dataset.text ?? "", complete, ...(stages && { stages }) }));
  }

  /** @param {import("./kept-conversations.js").KeptLine[]} said Of an earlier conversation that goes on. */
  load(said) {
    this.clear();
    for (const { id, role, text, complete, stages } of said) {
      this.#line(id, role);
      if (role === "user") this.said(id, text);
      else this.replied(id, text, complete);
      if (stages) this.stages(id, stages);
    }
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  get isEmpty() {
    return this.#lines.size === 0;
  }

  clear() {
    this.#lines.clear();
    this.#box.replaceChildren();
  }

  /**
   * @param {string} id
   * @param {string} text What the user is saying so far.
   */
  caption(id, text) {
    const line = this.#line(id, "user");
    line.final = false;
    line.element.toggleAttribute("data-interim", true);
    this.#write(line, text || "…");
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  said(id, text) {
    const line = this.#line(id, "user");
    line.element.removeAttribute("data-interim");
    this.#finish(line, text);
  }

  /**
   * What the server knows to have been said, after a lost connection.
   * @param {{id: string, role: "user"|"assistant", text: string, done: boolean}[]} items
   */
  correct(items) {
    for (const { id, role, text, done } of items) {
      if (this.#lines.get(id)?.final) continue;
      this.#line(id, role);
      if (role === "user") this.said(id, text);
      else this.replied(id, text, done);
    }
  }

  /** @param {string} id */
  remove(id) {
    this.#lines.get(id)?.element.remove();
    this.#lines.delete(id);
  }

  /** @param {string} id */
  reply(id) {
    const line = this.#line(id, "assistant");
    line.spoken = new ReplyWords(line.words);
    this.#follow();
  }

  /**
   * @param {string} id
   * @param {number} startMs
   * @param {string} text
   */
  clause(id, startMs, text) {
    this.#lines.get(id)?.spoken?.add(startMs, text);
    this.#follow();
  }

  /**
   * The words that were heard by then are written dark.
   * @param {string} id
   * @param {number} ms
   */
  heard(id, ms) {
    this.#lines.get(id)?.spoken?.heard(ms);
  }

  /**
   * @param {string} id
   * @param {string} text What was heard.
   * @param {boolean} complete
   */
  replied(id, text, complete) {
    const line = this.#lines.get(id);
    if (!line) return;
    if (!text) return this.remove(id);
    line.final = true;
    line.complete = complete;
    line.words.dataset.text = text;
    if (complete && line.spoken) return undefined;
    line.spoken = undefined;
    this.#write(line, text);
    if (complete) return undefined;
    line.words.append(" —", make("span", "tag", gettext("interrupted")));
    return this.#follow();
  }

  /**
   * All of the reply was played: show it as it was written.
   * @param {string} id
   */
  playedOut(id) {
    const line = this.#lines.get(id);
    if (!line?.spoken || !line.final) return;
    line.spoken = undefined;
    this.#write(line, line.words.dataset.text ?? "");
  }

  /**
   * The reply was stopped after all of it had arrived.
   * @param {string} id
   */
  cut(id) {
    const spoken = this.#lines.get(id)?.spoken;
    if (spoken) this.replied(id, spoken.text, false);
  }

  /** The connection is gone: nothing follows what was not finished. */
  settle() {
    for (const [id, { role, spoken, final }] of this.#lines) {
      if (final) this.playedOut(id);
      else if (role === "user") this.remove(id);
      else this.replied(id, spoken?.text ?? "", false);
    }
  }

  /**
   * @param {string} id
   * @param {Record<string, number>} stages
   */
  stages(id, stages) {
    const line = this.#lines.get(id);
    if (!line) return;
    line.stages = stages;
    const drawn = drawStages(stages);
    if (drawn) line.element.append(drawn);
    this.#follow();
  }

  /**
   * @param {string} id
   * @param {"user"|"assistant"} role
   * @returns {Line}
   */
  #line(id, role) {
    const known = this.#lines.get(id);
    if (known) return known;
    const words = make("p", "talk-words");
    const who = make("h3", "talk-who", speakerOf(role));
    const element = make("article", "talk-line", who, words);
    element.dataset.role = role;
    const line = { element, words, role, final: false, complete: true };
    this.#lines.set(id, line);
    this.#box.append(element);
    return line;
  }

  /**
   * @param {Line} line
   * @param {string} text
   */
  #finish(line, text) {
    line.final = true;
    line.words.dataset.text = text;
    this.#write(line, text);
  }

  /**
   * @param {Line} line
   * @param {string} text
   */
  #write(line, text) {
    line.words.textContent = text;
    this.#follow();
  }

  /** Scroll to the end, unless the user has scrolled back to read. */
  #follow() {
    const box = this.#box;
    const last = box.lastElementChild?.getBoundingClientRect().height ?? 0;
    if (box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX + last) box.scrollTop = box.scrollHeight;
  }
}
