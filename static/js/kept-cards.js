// A list of cards that this browser keeps: each is written soon after it has changed, and removing can be undone.

import { gettext } from "./i18n.js";
import { announce, make } from "./page.js";

/** Changes come faster than they need to be written to the disk. */
const KEEP_AFTER_MS = 1_000;

/** @typedef {{element: HTMLElement, close: () => void, part: (name: string) => HTMLElement}} Card */

/**
 * @template {Card} T
 * @typedef {object} Keeper
 * @property {(card: T) => Promise<void>} keep Write it.
 * @property {(cards: T[]) => Promise<void>} forget Delete what was written of them.
 * @property {(cards: T[]) => string} wasRemoved What the undo row says.
 * @property {(cards: T[]) => void} [onRemoved]
 * @property {(cards: T[]) => void} [onRestored]
 * @property {(card: T) => boolean} [isChanging] Whether it has something new of which it did not tell.
 * @property {(card: T) => void} discard It will not come back.
 * @property {() => void} onFailure This browser keeps nothing.
 * @property {() => void} show The list has changed.
 */

/** @template {Card} T */
export class KeptCards {
  #keeper;
  /** @type {Set<T>} */
  #cards = new Set();
  /** @type {Map<T, number>} Timers of those that have changed. */
  #changed = new Map();
  /** One write at a time, so that none is added twice. */
  #written = Promise.resolve();
  /** @type {{row: HTMLElement, cards: T[]}|null} */
  #undo = null;

  /** @param {Keeper<T>} keeper */
  constructor(keeper) {
    this.#keeper = keeper;
    addEventListener("pagehide", () => this.#keepChanged());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#keepChanged();
    });
  }

  get all() {
    return [...this.#cards];
  }

  /** Whether there is nothing to show. */
  get isEmpty() {
    return !this.#cards.size && this.#undo === null;
  }

  /** @param {T} card */
  has(card) {
    return this.#cards.has(card);
  }

  /** @param {T} card */
  add(card) {
    this.#cards.add(card);
  }

  /** @param {T} card One that has come to nothing. */
  drop(card) {
    this.#cards.delete(card);
    this.#keeper.discard(card);
    this.#keeper.show();
  }

  /** @param {T} card It has changed: write it, soon. */
  keep(card) {
    if (!this.#changed.has(card)) this.#changed.set(card, setTimeout(() => this.keepNow(card), KEEP_AFTER_MS));
  }

  /** @param {T} card */
  keepNow(card) {
    clearTimeout(this.#changed.get(card));
    this.#changed.delete(card);
    this.write(async () => {
      if (this.#cards.has(card)) await this.#keeper.keep(card);
    });
  }

  /** @param {() => Promise<void>} work Done after what is being written. */
  write(work) {
    this.#written = this.#written.then(work).catch(() => this.#keeper.onFailure());
  }

  /** @param {T[]} cards */
  remove(cards) {
    if (!cards.length) return;
    this.forgetUndo();
    const row = this.#undoRow(cards);
    this.#undo = { row, cards };
    cards[0].element.before(row);
    for (const card of cards) {
      card.close();
      card.element.hidden = true;
      this.#cards.delete(card);
    }
    this.#keeper.onRemoved?.(cards);
    this.write(() => this.#keeper.forget(cards));
    this.#keeper.show();
    row.querySelector("button")?.focus();
  }

  /** What was removed last is gone for good. */
  forgetUndo() {
    this.#undo?.row.remove();
    for (const card of this.#undo?.cards ?? []) this.#keeper.discard(card);
    this.#undo = null;
  }

  #keepChanged() {
    for (const card of this.#cards) {
      if (this.#changed.has(card) || this.#keeper.isChanging?.(card)) this.keepNow(card);
    }
  }

  /** @param {T[]} cards */
  #undoRow(cards) {
    const words = this.#keeper.wasRemoved(cards);
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
      this.keepNow(card);
    }
    this.#keeper.onRestored?.(cards);
    this.#keeper.show();
    cards[0].part("toggle").focus();
  }
}
