// The conversations that this browser keeps: the one that is held now, and earlier ones.

import { ConversationCard } from "./conversation-card.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { KeptCards } from "./kept-cards.js";
import { forgetConversations, keepConversation, KEPT_CONVERSATIONS, keptConversations } from "./kept-conversations.js";
import { byId } from "./page.js";

/** @typedef {import("./kept-conversations.js").KeptConversation} KeptConversation */
/** @typedef {import("./kept-conversations.js").KeptLine} KeptLine */

/**
 * @typedef {object} ListHandlers
 * @property {() => void} onCurrentRemoved End it, and call `endCurrent`.
 * @property {(conversation: KeptConversation) => void} onContinue End the one that is held now, call `endCurrent`, and go on with this one.
 */

export class ConversationList {
  #handlers;
  /** @type {KeptCards<ConversationCard>} */
  #cards;
  /** @type {ConversationCard|null} */
  #current = null;

  /** @param {ListHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#cards = new KeptCards({
      keep: async (card) => {
        card.conversation.id = await keepConversation(card.conversation);
      },
      forget: async (cards) => {
        const kept = cards.filter((card) => card.conversation.id !== undefined);
        if (kept.length) await forgetConversations(...kept.map((card) => Number(card.conversation.id)));
      },
      wasRemoved: (cards) =>
        cards.length === 1
          ? interpolate(gettext("“%(name)s” was removed."), { name: cards[0].title })
          : interpolate(ngettext("%(count)s conversation was removed.", "%(count)s conversations were removed.", cards.length), { count: cards.length }),
      onRemoved: (cards) => {
        if (this.#current && cards.includes(this.#current)) this.#handlers.onCurrentRemoved();
      },
      discard: (card) => card.element.remove(),
      onFailure: () => this.#cannotKeep(),
      show: () => this.#show(),
    });
    byId("remove-all").addEventListener("click", () => this.#cards.remove(this.#cards.all));
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
    this.#cards.keep(this.#current);
  }

  /** Begin another conversation. */
  endCurrent() {
    this.#current?.setCurrent(false);
    this.#current = null;
  }

  #begin() {
    this.#cards.forgetUndo();
    const card = this.#card({ name: "", time: Date.now(), lines: [] });
    card.setCurrent(true);
    byId("conversations").prepend(card.element);
    this.#show();
    return card;
  }

  /** @param {KeptConversation} conversation */
  #card(conversation) {
    const card = new ConversationCard(conversation, {
      onRemove: (removed) => this.#cards.remove([removed]),
      onRename: (renamed) => this.#cards.keepNow(renamed),
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

  #cannotKeep() {
    byId("kept-here").textContent = gettext("This browser does not let the page keep conversations. Download what you need.");
  }

  #show() {
    byId("conversations-empty").hidden = !this.#cards.isEmpty;
    byId("remove-all").disabled = !this.#cards.all.length;
  }
}
