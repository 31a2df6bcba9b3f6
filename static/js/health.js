// How the server is: asked every ten seconds, drawn in every list of parts.

import { address } from "./address.js";
import { gettext } from "./i18n.js";
import { make } from "./page.js";

const PERIOD_MS = 10_000;
const PERIOD_LOADING_MS = 2_000;
const PATIENCE_MS = 5_000;

/**
 * @typedef {object} Part
 * @property {"ready"|"loading"|"degraded"|"down"} state
 * @property {string} summary
 *
 * @typedef {object} Health
 * @property {"ready"|"loading"|"degraded"|"down"|"gone"|"closed"} state
 * @property {Record<string, Part>} parts
 * @property {string} [version]
 */

export const STATE_WORDS = {
  ready: gettext("Ready"),
  loading: gettext("Loading"),
  degraded: gettext("Degraded"),
  down: gettext("Down"),
  gone: gettext("Not reachable"),
  closed: gettext("Sign in"),
  waiting: gettext("Checking"),
};

const PART_NAMES = {
  whisper: gettext("Speech to text"),
  piper: gettext("Text to speech"),
  llm: gettext("Language model"),
  database: gettext("Database"),
  redis: "Redis",
};

/** @param {string} name */
export function partName(name) {
  return PART_NAMES[name] ?? name;
}

/** @returns {Promise<Health>} */
async function askHealth() {
  try {
    const response = await fetch(address("/health"), {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
      cache: "no-store",
    });
    if (response.status === 401) return { state: "closed", parts: {} };
    const body = await response.json();
    return { state: overall(body), parts: body.parts ?? {}, version: body.version };
  } catch {
    return { state: "gone", parts: {} };
  }
}

/**
 * The one word for the whole server.
 * @param {{parts: Record<string, Part>, failing?: string[]}} body
 * @returns {Health["state"]}
 */
function overall(body) {
  const states = Object.values(body.parts ?? {}).map((part) => part.state);
  if (states.includes("loading")) return "loading";
  const speech = ["whisper", "piper"].map((name) => body.parts?.[name]?.state);
  if (speech.includes("down")) return "down";
  return states.every((state) => state === "ready") ? "ready" : "degraded";
}

/**
 * Ask again and again; each answer is an event "health" on the document.
 */
export function watchHealth() {
  let timer = 0;
  const ask = async () => {
    clearTimeout(timer);
    const health = await askHealth();
    document.dispatchEvent(new CustomEvent("health", { detail: health }));
    const period = health.state === "loading" ? PERIOD_LOADING_MS : PERIOD_MS;
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, period);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  ask();
}

/**
 * Draw a list of parts.
 * @param {Element} list
 * @param {Record<string, Part>} parts
 */
export function drawParts(list, parts) {
  const rows = Object.entries(parts).map(([name, part]) => {
    const row = make(
      "li",
      "part",
      make("span", "state-dot"),
      make("span", "part-name", partName(name)),
      make("span", "part-state", STATE_WORDS[part.state] ?? part.state),
      make("span", "part-summary", part.summary),
    );
    row.dataset.state = part.state;
    return row;
  });
  list.replaceChildren(...rows);
}
