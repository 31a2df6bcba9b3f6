// The gallery of voices: play a sample, find a voice, use it.

import { formatNumber, gettext, interpolate, ngettext } from "./i18n.js";
import { byId, setIcon } from "./page.js";
import { toFloat } from "./pcm.js";
import { Player } from "./player.js";
import { RequestFailed } from "./server.js";
import { receiveSpeech } from "./speech.js";

/** What ends the sample that plays now. */
let stopPlaying = () => {};

/** @param {HTMLElement} card */
function start(card) {
  const button = part(card, "[data-play]");
  const speaker = card.querySelector("select");
  button.addEventListener("click", () => {
    const plays = button.dataset.plays !== undefined;
    stopPlaying();
    if (!plays) play(card);
  });
  speaker?.addEventListener("change", () => {
    const link = /** @type {HTMLAnchorElement} */ (part(card, "[data-use]"));
    const address = new URL(link.href);
    address.searchParams.set("speaker", speaker.value);
    link.href = address.href;
  });
}

/** @param {HTMLElement} card */
async function play(card) {
  const request = new AbortController();
  /** @type {Player|null} */
  let player = null;
  const end = () => {
    request.abort();
    player?.stop();
    show(card, false);
  };
  stopPlaying = end;
  show(card, true);
  const handlers = {
    onRate(/** @type {number} */ rate) {
      player = new Player(rate, 1);
      player.onChange = () => player?.state === "ended" && show(card, false);
    },
    onSamples: (/** @type {Int16Array} */ samples) => player?.add(toFloat(samples)),
    onText() {},
    onClause() {},
    onWords() {},
  };
  try {
    await receiveSpeech(wishOf(card), handlers, request.signal);
    player?.complete();
  } catch (error) {
    if (request.signal.aborted) return;
    end();
    part(card, ".voice-state").textContent =
      error instanceof RequestFailed ? error.message : gettext("This sample could not be played.");
  }
}

/** @param {HTMLElement} card */
function wishOf(card) {
  const speaker = card.querySelector("select")?.value;
  const text = part(card, ".sample").textContent ?? "";
  const voice = card.dataset.voice ?? "";
  return { text, voice, speed: 1, llm: false, ...(speaker ? { speaker } : {}) };
}

/**
 * @param {HTMLElement} card
 * @param {boolean} plays
 */
function show(card, plays) {
  const button = part(card, "[data-play]");
  button.toggleAttribute("data-plays", plays);
  setIcon(button, plays ? "stop" : "play");
  part(card, "[data-word]").textContent = plays ? gettext("Stop") : gettext("Play sample");
  part(card, ".voice-state").textContent = "";
}

/**
 * @param {HTMLElement} card
 * @param {string} selector
 */
function part(card, selector) {
  return /** @type {HTMLElement} */ (card.querySelector(selector));
}

/** @param {string} wanted */
function filter(wanted) {
  const words = wanted.toLowerCase().split(/\s+/);
  let found = 0;
  for (const group of document.querySelectorAll(".voice-language")) {
    const cards = [...group.querySelectorAll(".voice-card")];
    const left = cards.filter((card) => {
      const text = (/** @type {HTMLElement} */ (card).dataset.search ?? "").toLowerCase();
      const fits = words.every((word) => text.includes(word));
      card.toggleAttribute("hidden", !fits);
      return fits;
    });
    group.toggleAttribute("hidden", left.length === 0);
    found += left.length;
  }
  const counted = ngettext("%(count)s voice", "%(count)s voices", found);
  byId("found").textContent = interpolate(counted, { count: formatNumber(found) });
  byId("nothing").hidden = found > 0;
}

for (const card of document.querySelectorAll(".voice-card")) start(/** @type {HTMLElement} */ (card));
document.getElementById("search")?.addEventListener("input", (event) => {
  filter(/** @type {HTMLInputElement} */ (event.target).value);
});
