// The list of what was spoken lately: play it again, or remove it.

import { inSeconds, timeOfDay } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { byId, icon, make } from "./page.js";
import { forget, forgetAll, recentlySpoken } from "./recent.js";

/** @typedef {import("./recent.js").Spoken} Spoken */

const NAMED_CHARACTERS = 80;

/** @param {(spoken: Spoken) => void} play */
export function startRecentList(play) {
  byId("forget-all").addEventListener("click", async () => {
    await forgetAll();
    await showRecent(play);
    byId("recent-title").focus();
  });
  return showRecent(play);
}

/** @param {(spoken: Spoken) => void} play */
export async function showRecent(play) {
  const all = await recentlySpoken().catch(() => []);
  byId("recent-empty").hidden = all.length > 0;
  byId("recent").hidden = all.length === 0;
  byId("forget-all").hidden = all.length === 0;
  byId("recent").replaceChildren(...all.map((spoken) => row(spoken, play)));
}

/**
 * @param {Spoken} spoken
 * @param {(spoken: Spoken) => void} play
 */
function row(spoken, play) {
  const start = button("play", named(gettext("Play: %(text)s"), spoken), () => play(spoken));
  const drop = button("cross", named(gettext("Remove: %(text)s"), spoken), async () => {
    await forget(Number(spoken.id));
    await showRecent(play);
    byId("recent-title").focus();
  });
  const seconds = spoken.samples.length / spoken.rate;
  const facts = `${timeOfDay(spoken.time)} · ${inSeconds(seconds)} · ${spoken.voice}`;
  const words = make("div", "row-words", make("p", "row-text", spoken.text), make("p", "row-facts", facts));
  return make("li", "row", start, words, drop);
}

/**
 * @param {string} picture
 * @param {string} label
 * @param {() => void} pressed
 */
function button(picture, label, pressed) {
  const made = make("button", "icon-button", icon(picture));
  made.setAttribute("type", "button");
  made.setAttribute("aria-label", label);
  made.addEventListener("click", pressed);
  return made;
}

/**
 * @param {string} words
 * @param {Spoken} spoken
 */
function named(words, spoken) {
  return interpolate(words, { text: spoken.text.slice(0, NAMED_CHARACTERS) });
}
