// The fields of the Speak page: text, voice, speed and mode, as they were at the last visit.

import { keepChoices, keptChoices } from "./kept-choices.js";
import { byId } from "./page.js";
import { VoiceFields } from "./voices.js";

/** @typedef {import("./speech.js").SpeechWish} SpeechWish */

const KEPT = "speak";
const text = byId("text");
const limit = Number(text.dataset.limit);

export class SpeakForm {
  #voices = new VoiceFields();

  constructor() {
    this.#restore();
    text.addEventListener("input", () => this.#showText());
    byId("speed").addEventListener("input", () => this.#showSpeed());
    byId("llm").addEventListener("change", () => this.#showMode());
    for (const id of ["text", "speed", "llm", "voice", "speaker", "format", "playback"]) {
      byId(id).addEventListener("change", () => this.#keep());
    }
    text.addEventListener("input", () => this.#keep());
    this.#showText();
    this.#showSpeed();
    this.#showMode();
  }

  /** Fill the list of voices; returns their number. */
  loadVoices() {
    const { voice, speaker } = keptChoices(KEPT);
    const asked = new URLSearchParams(location.search);
    return this.#voices.load([
      { voice: asked.get("voice"), speaker: asked.get("speaker") },
      { voice, speaker },
    ]);
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
    if (!text.value.trim()) return "Write a text first.";
    if (text.value.length > limit) return `The text is longer than ${limit.toLocaleString("en")} characters. Shorten or split it.`;
    return "";
  }

  #restore() {
    const kept = keptChoices(KEPT);
    if (typeof kept.text === "string") text.value = kept.text;
    if (kept.speed) byId("speed").value = kept.speed;
    if (typeof kept.llm === "boolean" && !byId("llm").disabled) byId("llm").checked = kept.llm;
    for (const id of ["format", "playback"]) {
      const options = [...byId(id).options].map((option) => option.value);
      if (options.includes(kept[id])) byId(id).value = kept[id];
    }
  }

  #keep() {
    const { voice, speaker, speed, llm } = this.wish;
    const [format, playback] = [byId("format").value, byId("playback").value];
    keepChoices(KEPT, { text: text.value, voice, speaker, speed, llm, format, playback });
  }

  #showText() {
    const count = text.value.length;
    byId("count").textContent = `${count.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`;
    byId("count").toggleAttribute("data-over", count > limit);
    byId("text-problem").textContent = "";
    text.removeAttribute("aria-invalid");
  }

  #showSpeed() {
    byId("speed-value").textContent = `${Number(byId("speed").value).toFixed(1)}×`;
  }

  #showMode() {
    const asks = byId("llm").checked;
    byId("text-label").textContent = asks ? "Question" : "Text";
    text.placeholder = asks ? "Ask a question. The language model's answer is spoken." : "Write the text to speak.";
  }
}
