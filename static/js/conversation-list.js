// The conversations that this browser keeps: the one that is held now, and earlier ones.

import { ConversationCard } from "./conversation-card.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { forgetConversations, keepConversation, KEPT_CONVERSATIONS, keptConversations } from "./kept-conversations.js";
import { announce, byId, make } from "./page.js";

/** @typedef {import("./kept-conversations.js").KeptConversation} KeptConversation */
/** @typedef {import("./kept-conversations.js").KeptLine} KeptLine */

/** Words come faster than they need to be written to the disk. */
const KEEP_AFTER_MS = 1_000;

/**
 * @typedef {object} ListHandlers
 * @property {() => void} onCurrentRemoved End it, and call `endCurrent`.
 * @property {(conversation: KeptConversation) => void} onContinue End the one that is held now, call `endCurrent`, and go on with this one.
 */

export class ConversationList {
  #handlers;
  /** @type {Set<ConversationCard>} */
  #cards = new Set();
  /** @type {ConversationCard|null} */
  #current = null;
  /** @type {Map<ConversationCard, number>} Timers of those that have changed. */
  #changed = new Map();
  /** One write at a time, so that none is added twice. */
  #written = Promise.resolve();
  /** @type {{row: HTMLElement, cards: ConversationCard[]}|null} */
  #undo = null;

  /** @param {ListHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    byId("remove-all").addEventListener("click", () => this.#remove([...this.#cards]));
    addEventListener("pagehide", () => this.#keepChanged());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#keepChanged();
    });
    byId("kept-here").textContent = interpolate(
      gettext("This browser keeps the latest %(count)s conversations, as text, until you remove them."),
      { count: KEPT_CONVERSATIONS },
    );
  }

  /** Show what was kept. */
  async load() {
    try {
      for (const conversation of await keptConversations()) byId("conversations").append(this.#card(conversation).element);
    } catch {
      this.#cannotKeep();
    }
    this.#show();
  }

  /** @param {KeptLine[]} lines What was said so far in the conversation that is held now. */
  keep(lines) {
    if (!lines.length && !this.#current) return;
    this.#current ??= this.#begin();
    this.#current.conversation.lines = lines;
    this.#current.changed();
    this.#keep(this.#current);
  }

  /** What is said next belongs to another conversation. */
  endCurrent() {
    this.#current?.setCurrent(false);
    this.#current = null;
  }

  #begin() {
    this.#forgetUndo();
    const card = this.#card({ name: "", time: Date.now(), lines: [] });
    card.setCurrent(true);
    byId("conversations").prepend(card.element);
    this.#show();
    return card;
  }

  /** @param {KeptConversation} conversation */
  #card(conversation) {
    const card = new ConversationCard(conversation, {
      onRemove: (removed) => this.#remove([removed]),
      onRename: (renamed) => this.#keepNow(renamed),
      onContinue: (continued) => this.#continue(continued),
    });
    this.#cards.add(card);
    return card;
  }

  /** @param {ConversationCard} card */
  #continue(card) {
    this.#handlers.onContinue(card.conversation);
    this.#current = card;
    card.setCurrent(true);
  }

  /** @param {ConversationCard} card */
  #keep(card) {
    if (!this.#changed.has(card)) this.#changed.set(card, setTimeout(() => this.#keepNow(card), KEEP_AFTER_MS));
  }

  /** @param {ConversationCard} card */
  #keepNow(card) {
    clearTimeout(this.#changed.get(card));
    this.#changed.delete(card);
    this.#write(async () => {
      if (this.#cards.has(card)) card.conversation.id = await keepConversation(card.conversation);
    });
  }

  #keepChanged() {
    for (const card of [...this.#changed.keys()]) this.#keepNow(card);
  }

  /** @param {() => Promise<void>} work */
  #write(work) {
    this.#written = this.#written.then(work).catch(() => this.#cannotKeep());
  }

  #cannotKeep() {
    byId("kept-here").textContent = gettext("This browser does not let the page keep conversations. Download what you need.");
  }

  /** @param {ConversationCard[]} cards */
  #remove(cards) {
    if (!cards.length) return;
    this.#forgetUndo();
    const row = this.#undoRow(cards);
    this.#undo = { row, cards };
    cards[0].element.before(row);
    for (const card of cards) {
      card.close();
      card.element.hidden = true;
      this.#cards.delete(card);
    }
    if (this.#current && cards.includes(this.#current)) this.#handlers.onCurrentRemoved();
    this.#write(async () => {
      const kept = cards.filter((card) => card.conversation.id !== undefined);
      if (kept.length) await forgetConversations(...kept.map((card) => Number(card.conversation.id)));
    });
    this.#show();
    row.querySelector("button")?.focus();
  }

  /** @param {ConversationCard[]} cards */
  #undoRow(cards) {
    const words =
      cards.length === 1
        ? interpolate(gettext("“%(name)s” was removed."), { name: cards[0].title })
        : interpolate(ngettext("%(count)s conversation was removed.", "%(count)s conversations were removed.", cards.length), { count: cards.length });
    announce(words);
    const button = make("button", "button compact", gettext("Undo"));
    button.addEventListener("click", () => this.#restore());
    return make("div", "undo-row", make("p", "", words), button);
  }

  #restore() {
    if (!this.#undo) return;
    const { row, cards } = this.#undo;
    this.#undo = null;
    row.remove();
    for (const card of cards) {
      card.element.hidden = false;
      this.#cards.add(card);
      this.#keepNow(card);
    }
    this.#show();
    cards[0].part("toggle").focus();
  }

  #forgetUndo() {
    this.#undo?.row.remove();
    for (const card of this.#undo?.cards ?? []) card.element.remove();
    this.#undo = null;
  }

  #show() {
    byId("conversations-empty").hidden = this.#cards.size > 0 || this.#undo !== null;
    byId("remove-all").disabled = !this.#cards.size;
  }
}
