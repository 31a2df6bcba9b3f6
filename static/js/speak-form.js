// The fields of the Speak page: text, voice, speed and mode, as they were at the last visit.

import { rememberChoice, rememberChoices, rememberedChoices } from "./choices.js";
import { formatNumber, gettext, interpolate } from "./i18n.js";
import { byId } from "./page.js";
import { VoiceFields } from "./voices.js";

/** @typedef {import("./speech.js").SpeechWish} SpeechWish */

const PAGE = "speak";
const text = byId("text");
const limit = Number(text.dataset.limit);

export class SpeakForm {
  #voices = new VoiceFields();

  constructor() {
    const fields = ["text", "speed", "llm", "format", "playback"];
    rememberChoices(PAGE, fields.map(byId));
    text.addEventListener("input", () => this.#showText());
    byId("speed").addEventListener("input", () => this.#showSpeed());
    byId("llm").addEventListener("change", () => this.#showMode());
    // A text is not lost with a page that closes before the field is left.
    text.addEventListener("input", () => rememberChoice(PAGE, "text", text.value));
    this.#showText();
    this.#showSpeed();
    this.#showMode();
  }

  /** Fill the list of voices; returns their number. */
  async loadVoices() {
    const { voice, speaker } = rememberedChoices(PAGE);
    const asked = new URLSearchParams(location.search);
    const count = await this.#voices.load([
      { voice: asked.get("voice"), speaker: asked.get("speaker") },
      { voice: String(voice), speaker: String(speaker) },
    ]);
    byId("voice").addEventListener("change", () => this.#rememberVoice());
    byId("speaker").addEventListener("change", () => this.#rememberVoice());
    return count;
  }

  /** @returns {SpeechWish} */
  get wish() {
    return {
      text: text.value.trim(),
      speed: Number(byId("speed").value),
      llm: byId("llm").checked,
      ...this.#voices.chosen,
    };
  }

  /** A sentence in the language of the chosen voice, spoken as it is. @returns {SpeechWish} */
  get sample() {
    return { ...this.wish, text: this.#voices.sample, llm: false };
  }

  /** Whether the text can be spoken; if not, the form says why. */
  check() {
    const problem = this.#problem();
    byId("text-problem").textContent = problem;
    text.toggleAttribute("aria-invalid", Boolean(problem));
    if (problem) text.focus();
    return !problem;
  }

  #problem() {
    if (!text.value.trim()) return gettext("Write a text first.");
    if (text.value.length <= limit) return "";
    const words = gettext("The text is longer than %(limit)s characters. Shorten or split it.");
    return interpolate(words, { limit: formatNumber(limit) });
  }

  #rememberVoice() {
    rememberChoice(PAGE, "voice", byId("voice").value);
    rememberChoice(PAGE, "speaker", byId("speaker").value);
  }

  #showText() {
    const count = text.value.length;
    const places = { count: formatNumber(count), limit: formatNumber(limit) };
    byId("count").textContent = interpolate(gettext("%(count)s of %(limit)s characters"), places);
    byId("count").toggleAttribute("data-over", count > limit);
    byId("text-problem").textContent = "";
    text.removeAttribute("aria-invalid");
  }

  #showSpeed() {
    const speed = formatNumber(Number(byId("speed").value), { minimumFractionDigits: 1 });
    byId("speed-value").textContent = `${speed}×`;
  }

  #showMode() {
    const asks = byId("llm").checked;
    byId("text-label").textContent = asks ? gettext("Question") : gettext("Text");
    text.placeholder = asks
      ? gettext("Ask a question. The answer of the language model is spoken.")
      : gettext("Write the text to speak.");
  }
}
