// The transcripts of this visit, and below them those that this browser kept from earlier ones.

import { gettext, interpolate, ngettext } from "./i18n.js";
import { audioOf, forgetAudio, forgetTranscripts, keepAudio, KEPT_AUDIO_BYTES, keepTranscript, keptTranscripts } from "./kept-transcripts.js";
import { announce, byId, make } from "./page.js";
import { titleOf } from "./recording.js";
import { TranscriptCard } from "./transcript-card.js";

/** @typedef {import("./recording.js").Recording} Recording */

/** Utterances come faster than they need to be written to the disk. */
const KEEP_AFTER_MS = 1_000;

export class TranscriptList {
  /** @type {Set<TranscriptCard>} */
  #cards = new Set();
  /** Audio that was kept until it was removed a moment ago. @type {WeakMap<TranscriptCard, Blob>} */
  #forgotten = new WeakMap();
  /** @type {Map<TranscriptCard, number>} Timers of those that have changed. */
  #changed = new Map();
  /** One write at a time, so that none is added twice. */
  #written = Promise.resolve();
  /** @type {{row: HTMLElement, cards: TranscriptCard[]}|null} */
  #undo = null;

  constructor() {
    byId("remove-all").addEventListener("click", () => this.#remove(this.#done));
    addEventListener("pagehide", () => this.#keepChanged());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#keepChanged();
    });
  }

  /** Show what was kept. */
  async load() {
    try {
      for (const recording of await keptTranscripts()) byId("earlier").append(this.#card(recording).element);
    } catch {
      this.#cannotKeep();
    }
    byId("below").hidden = false;
    this.#show();
  }

  /**
   * Cards for new recordings, above all others but below a take that is still running.
   * @param {Recording[]} recordings
   * @param {boolean} open Whether to show the text of the first one at once.
   * @returns {TranscriptCard[]}
   */
  begin(recordings, open) {
    this.#forgetUndo();
    const cards = recordings.map((each) => this.#card(each));
    const elements = cards.map((card) => card.element);
    const live = byId("transcripts").querySelector("[data-live]");
    if (live) live.after(...elements);
    else byId("transcripts").prepend(...elements);
    if (open && !live) this.#openFresh(cards[0]);
    this.#show();
    return cards;
  }

  /**
   * Only the latest one has its whole height from the beginning.
   * @param {TranscriptCard} card
   */
  #openFresh(card) {
    for (const each of this.#cards) each.shrink();
    card.element.dataset.fresh = "";
    card.open();
  }

  /**
   * The card has changed: keep its transcript, soon.
   * @param {TranscriptCard} card
   */
  keep(card) {
    if (this.#changed.has(card) || !card.recording.utterances.length) return;
    this.#changed.set(card, setTimeout(() => this.#keepNow(card), KEEP_AFTER_MS));
  }

  /**
   * The audio beside a transcript.
   * @param {TranscriptCard} card
   * @param {Blob} audio
   * @param {boolean} stays Whether to keep it after this visit.
   */
  addAudio(card, audio, stays) {
    card.setAudio(audio);
    this.#keepNow(card);
    if (stays && audio.size <= KEPT_AUDIO_BYTES) {
      this.#write(async () => {
        if (this.#cards.has(card)) await keepAudio(Number(card.recording.id), audio);
      });
    }
  }

  /**
   * Take away a card that has come to nothing.
   * @param {TranscriptCard} card
   */
  drop(card) {
    this.#cards.delete(card);
    card.discard();
    this.#show();
  }

  /** @returns {TranscriptCard[]} Those that are not running. */
  get #done() {
    return [...this.#cards].filter((card) => card.element.dataset.running === undefined);
  }

  /** @param {Recording} recording */
  #card(recording) {
    const card = new TranscriptCard(recording, {
      onRemove: (removed) => this.#remove([removed]),
      findAudio: (opened) => audioOf(Number(opened.recording.id)).catch(() => undefined),
    });
    this.#cards.add(card);
    return card;
  }

  /** @param {TranscriptCard} card */
  #keepNow(card) {
    clearTimeout(this.#changed.get(card));
    this.#changed.delete(card);
    this.#write(async () => {
      if (this.#cards.has(card)) card.recording.id = await keepTranscript(card.withPartial);
    });
  }

  #keepChanged() {
    for (const card of this.#cards) {
      if (this.#changed.has(card) || card.partial) this.#keepNow(card);
    }
  }

  /** @param {() => Promise<void>} work */
  #write(work) {
    this.#written = this.#written.then(work).catch(() => this.#cannotKeep());
  }

  #cannotKeep() {
    byId("kept-here").textContent = gettext("This browser does not let the page keep transcripts. Download what you need.");
  }

  /** @param {TranscriptCard[]} cards */
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
    this.#write(async () => {
      const kept = cards.filter((card) => card.recording.id !== undefined);
      if (kept.length) await forgetTranscripts(...kept.map((card) => Number(card.recording.id)));
      for (const card of kept) await this.#forgetAudio(card);
    });
    this.#show();
    row.querySelector("button")?.focus();
  }

  /** @param {TranscriptCard} card */
  async #forgetAudio(card) {
    const audio = await forgetAudio(Number(card.recording.id));
    if (audio) this.#forgotten.set(card, audio);
  }

  /** @param {TranscriptCard[]} cards */
  #undoRow(cards) {
    const words =
      cards.length === 1
        ? interpolate(gettext("“%(name)s” was removed."), { name: titleOf(cards[0].recording) })
        : interpolate(ngettext("%(count)s transcript was removed.", "%(count)s transcripts were removed.", cards.length), { count: cards.length });
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
    this.#write(async () => {
      for (const card of cards) {
        const audio = this.#forgotten.get(card);
        if (audio) await keepAudio(Number(card.recording.id), audio);
      }
    });
    this.#show();
    cards[0].part("toggle").focus();
  }

  #forgetUndo() {
    this.#undo?.row.remove();
    for (const card of this.#undo?.cards ?? []) card.discard();
    this.#undo = null;
  }

  #show() {
    byId("transcripts-empty").hidden = this.#cards.size > 0 || this.#undo !== null;
    byId("earlier-section").hidden = !byId("earlier").children.length;
    byId("remove-all").disabled = !this.#done.length;
  }
}
