// The list of voices, with the speakers of each and a sentence to try it.

import { languageName } from "./format.js";
import { byId } from "./page.js";
import { getJson } from "./server.js";

/**
 * @typedef {object} Voice
 * @property {string} name
 * @property {string} language
 * @property {string} quality
 * @property {string[]} [speakers]
 */

const SAMPLES = {
  ar: "مرحبا، هكذا يبدو صوتي.",
  cs: "Dobrý den, takto zní můj hlas.",
  de: "Guten Tag, so klingt meine Stimme.",
  en: "Hello, this is how my voice sounds.",
  es: "Hola, así suena mi voz.",
  fr: "Bonjour, voici le son de ma voix.",
  it: "Buongiorno, questa è la mia voce.",
  nl: "Hallo, zo klinkt mijn stem.",
  pl: "Dzień dobry, tak brzmi mój głos.",
  pt: "Olá, é assim que soa a minha voz.",
  ru: "Здравствуйте, так звучит мой голос.",
  sv: "Hej, så här låter min röst.",
  tr: "Merhaba, sesim böyle.",
  uk: "Вітаю, так звучить мій голос.",
  zh: "你好，这就是我的声音。",
};

/** The two fields "Voice" and "Speaker". */
export class VoiceFields {
  /** @type {Map<string, Voice>} */
  #voices = new Map();
  #voice = byId("voice");
  #speaker = byId("speaker");

  async load() {
    const { default: usual, details } = await getJson("/voices");
    this.#voices = new Map(details.map((/** @type {Voice} */ voice) => [voice.name, voice]));
    this.#voice.replaceChildren(
      ...details.map((/** @type {Voice} */ voice) => new Option(voiceWords(voice), voice.name)),
    );
    this.#voice.value = usual ?? details[0]?.name ?? "";
    this.#voice.disabled = details.length === 0;
    this.#voice.addEventListener("change", () => this.#showFacts());
    this.#showFacts();
    return details.length;
  }

  get chosen() {
    const speaker = this.#speaker.value;
    return { voice: this.#voice.value, ...(speaker ? { speaker } : {}) };
  }

  /** A sentence in the language of the chosen voice. */
  get sample() {
    const language = this.#voices.get(this.#voice.value)?.language.slice(0, 2) ?? "en";
    return SAMPLES[language] ?? SAMPLES.en;
  }

  #showFacts() {
    const voice = this.#voices.get(this.#voice.value);
    const facts = voice ? [languageName(voice.language), voice.quality && `${voice.quality} quality`] : [];
    byId("voice-facts").textContent = facts.filter(Boolean).join(", ");
    const speakers = voice?.speakers ?? [];
    byId("speaker-field").hidden = speakers.length < 2;
    this.#speaker.replaceChildren(
      ...(speakers.length < 2 ? [] : speakers.map((name) => new Option(name, name))),
    );
  }
}

/**
 * "en_US-joe-medium" as "Joe (en-US, medium)".
 * @param {Voice} voice
 */
function voiceWords(voice) {
  const [, middle = voice.name] = voice.name.split("-");
  const name = middle.replaceAll("_", " ");
  const facts = [voice.language.replace("_", "-"), voice.quality].filter(Boolean).join(", ");
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} (${facts})`;
}
