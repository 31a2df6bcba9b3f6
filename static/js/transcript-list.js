// The transcripts of this visit, and below them those that this browser kept from earlier ones.

import { gettext, interpolate, ngettext } from "./i18n.js";
import { KeptCards } from "./kept-cards.js";
import { audioOf, forgetAudio, forgetTranscripts, keepAudio, KEPT_AUDIO_BYTES, keepTranscript, keptTranscripts } from "./kept-transcripts.js";
import { byId } from "./page.js";
import { titleOf } from "./recording.js";
import { TranscriptCard } from "./transcript-card.js";

/** @typedef {import("./recording.js").Recording} Recording */

export class TranscriptList {
  /** @type {KeptCards<TranscriptCard>} */
  #cards;
  /** Audio that was kept until it was removed a moment ago. @type {WeakMap<TranscriptCard, Blob>} */
  #forgotten = new WeakMap();

  constructor() {
    this.#cards = new KeptCards({
      keep: async (card) => {
        card.recording.id = await keepTranscript(card.withPartial);
      },
      forget: (cards) => this.#forget(cards),
      wasRemoved: (cards) =>
        cards.length === 1
          ? interpolate(gettext("“%(name)s” was removed."), { name: titleOf(cards[0].recording) })
          : interpolate(ngettext("%(count)s transcript was removed.", "%(count)s transcripts were removed.", cards.length), { count: cards.length }),
      onRestored: (cards) => this.#keepAudioAgain(cards),
      isChanging: (card) => Boolean(card.partial),
      discard: (card) => card.discard(),
      onFailure: () => this.#cannotKeep(),
      show: () => this.#show(),
    });
    byId("remove-all").addEventListener("click", () => this.#cards.remove(this.#done));
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
    this.#cards.forgetUndo();
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
    for (const each of this.#cards.all) each.shrink();
    card.element.dataset.fresh = "";
    card.open();
  }

  /**
   * The card has changed: keep its transcript, soon.
   * @param {TranscriptCard} card
   */
  keep(card) {
    if (card.recording.utterances.length) this.#cards.keep(card);
  }

  /**
   * The audio beside a transcript.
   * @param {TranscriptCard} card
   * @param {Blob} audio
   * @param {boolean} stays Whether to keep it after this visit.
   */
  addAudio(card, audio, stays) {
    card.setAudio(audio);
    this.#cards.keepNow(card);
    if (stays && audio.size <= KEPT_AUDIO_BYTES) {
      this.#cards.write(async () => {
        if (this.#cards.has(card)) await keepAudio(Number(card.recording.id), audio);
      });
    }
  }

  /**
   * Take away a card that has come to nothing.
   * @param {TranscriptCard} card
   */
  drop(card) {
    this.#cards.drop(card);
  }

  /** @returns {TranscriptCard[]} Those that are not running. */
  get #done() {
    return this.#cards.all.filter((card) => card.element.dataset.running === undefined);
  }

  /** @param {Recording} recording */
  #card(recording) {
    const card = new TranscriptCard(recording, {
      onRemove: (removed) => this.#cards.remove([removed]),
      findAudio: (opened) => audioOf(Number(opened.recording.id)).catch(() => undefined),
    });
    this.#cards.add(card);
    return card;
  }

  #cannotKeep() {
    byId("kept-here").textContent = gettext("This browser does not let the page keep transcripts. Download what you need.");
  }

  /** @param {TranscriptCard[]} cards */
  async #forget(cards) {
    const kept = cards.filter((card) => card.recording.id !== undefined);
    if (kept.length) await forgetTranscripts(...kept.map((card) => Number(card.recording.id)));
    for (const card of kept) {
      const audio = await forgetAudio(Number(card.recording.id));
      if (audio) this.#forgotten.set(card, audio);
    }
  }

  /** @param {TranscriptCard[]} cards */
  #keepAudioAgain(cards) {
    this.#cards.write(async () => {
      for (const card of cards) {
        const audio = this.#forgotten.get(card);
        if (audio) await keepAudio(Number(card.recording.id), audio);
      }
    });
  }

  #show() {
    byId("transcripts-empty").hidden = !this.#cards.isEmpty;
    byId("earlier-section").hidden = !byId("earlier").children.length;
    byId("remove-all").disabled = !this.#done.length;
  }
}
