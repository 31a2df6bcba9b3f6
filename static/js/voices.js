// The fields "Voice" and "Speaker".

import { languageName } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { byId } from "./page.js";
import { getJson } from "./server.js";

/**
 * @typedef {object} Voice
 * @property {string} name
 * @property {string} language
 * @property {string} quality
 * @property {string[]} [speakers]
 * @property {string} sample A sentence in its language.
 *
 * @typedef {{voice?: string|null, speaker?: string|null}} Preference
 */

export class VoiceFields {
  /** @type {Map<string, Voice>} */
  #voices = new Map();
  #voice = byId("voice");
  #speaker = byId("speaker");

  /**
   * Ask the server for its voices; the first preference that it has is chosen.
   * @param {Preference[]} preferences
   * @returns {Promise<number>} How many there are.
   */
  async load(preferences) {
    const { default: usual, details } = await getJson("/voices");
    this.#voices = new Map(details.map((/** @type {Voice} */ voice) => [voice.name, voice]));
    this.#voice.replaceChildren(
      ...details.map((/** @type {Voice} */ voice) => new Option(voiceWords(voice), voice.name)),
    );
    const wanted = preferences.find(({ voice }) => voice && this.#voices.has(voice));
    this.#voice.value = wanted?.voice ?? usual ?? details[0]?.name ?? "";
    this.#voice.disabled = details.length === 0;
    this.#voice.addEventListener("change", () => this.#showFacts());
    this.#showFacts(wanted?.speaker ?? "");
    return details.length;
  }

  /** @returns {{voice?: string, speaker?: string}} Empty until the server has said what it has. */
  get chosen() {
    if (this.#voice.disabled) return {};
    const speaker = this.#speaker.value;
    return { voice: this.#voice.value, ...(speaker ? { speaker } : {}) };
  }

  /** A sentence in the language of the chosen voice. */
  get sample() {
    return this.#voices.get(this.#voice.value)?.sample ?? "";
  }

  #showFacts(speaker = "") {
    const voice = this.#voices.get(this.#voice.value);
    const facts = voice ? [languageName(voice.language), voice.quality && interpolate(gettext("%(quality)s quality"), { quality: voice.quality })] : [];
    byId("voice-facts").textContent = facts.filter(Boolean).join(", ");
    const speakers = voice?.speakers ?? [];
    byId("speaker-field").hidden = speakers.length < 2;
    this.#speaker.replaceChildren(
      ...(speakers.length < 2 ? [] : speakers.map((name) => new Option(name, name))),
    );
    if (speakers.includes(speaker)) this.#speaker.value = speaker;
  }
}

/**
 * "en_US-joe-medium" as "Joe (American English, medium)".
 * @param {Voice} voice
 */
export function voiceWords(voice) {
  const [, middle = voice.name] = voice.name.split("-");
  const name = middle.replaceAll("_", " ");
  const facts = [languageName(voice.language).replace("_", "-"), voice.quality].filter(Boolean).join(", ");
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} (${facts})`;
}
