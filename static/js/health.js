// How the server is: asked every ten seconds, drawn in every list of parts.

import { address } from "./address.js";
import { gettext, interpolate, language } from "./i18n.js";
import { byId, make } from "./page.js";

const PERIOD_MS = 10_000;
const PERIOD_SOON_MS = 2_000;
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
 * Ask again and again; each answer is an event "health" on the document. An event
 * "serverlost", after any request or socket that failed, makes it ask at once.
 */
export function watchHealth() {
  let timer = 0;
  const ask = async () => {
    clearTimeout(timer);
    const health = await askHealth();
    document.dispatchEvent(new CustomEvent("health", { detail: health }));
    const soon = health.state === "loading" || health.state === "gone";
    const period = soon ? PERIOD_SOON_MS : PERIOD_MS;
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, period);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  document.addEventListener("serverlost", () => {
    document.dispatchEvent(new CustomEvent("health", { detail: { state: "gone", parts: {} } }));
    ask();
  });
  ask();
}

/** Say that a request or a socket has failed because the server did not answer. */
export function serverLost() {
  document.dispatchEvent(new Event("serverlost"));
}

/**
 * Draw a list of parts.
 * @param {Element} list
 * @param {Record<string, Part>} parts
 */
export function drawParts(list, parts) {
  const names = JSON.parse(byId("part-names").textContent);
  const rows = Object.entries(parts).map(([name, part]) => {
    const row = make(
      "li",
      "part",
      make("span", "state-dot"),
      make("span", "part-name", names[name] ?? name),
      make("span", "part-state", STATE_WORDS[part.state] ?? part.state),
      summaryOf(part.summary),
    );
    row.dataset.state = part.state;
    return row;
  });
  list.replaceChildren(...rows);
}

/**
 * The server's own sentence is English; the usual ones have translations.
 * @param {string} sentence
 */
function summaryOf(sentence) {
  const known = language === "en" ? undefined : SENTENCES.find(([pattern]) => pattern.test(sentence));
  const summary = make("span", "part-summary", known ? interpolate(known[1], sentence.match(known[0])?.groups ?? {}) : sentence);
  if (!known) summary.lang = "en";
  return summary;
}

/** @type {[RegExp, string][]} */
const SENTENCES = [
  [/^Whisper (?<model>\S+) on CUDA, (?<kind>\S+): ready\.$/, gettext("Whisper %(model)s on CUDA, %(kind)s: ready.")],
  [/^Whisper (?<model>\S+) on (?<threads>\d+) CPU threads, (?<kind>\S+): ready\.$/, gettext("Whisper %(model)s on %(threads)s CPU threads, %(kind)s: ready.")],
  [/^Piper (?<voice>\S+) \((?<count>\d+) voices?\) on (?<threads>\d+) CPU threads: ready\.$/, gettext("Piper %(voice)s (voices: %(count)s) on %(threads)s CPU threads: ready.")],
  [/^(?<model>.+), built in\. Add Ollama for better answers\.$/, gettext("%(model)s, built in. Add Ollama for better answers.")],
  [/^(?<model>.+), built in\.$/, gettext("%(model)s, built in.")],
  [/^(?<server>.+ at \S+) serves (?<model>\S+)\.$/, gettext("%(server)s serves %(model)s.")],
  [/^(?<server>.+ at \S+) serves (?<model>\S+)\. Standing by: (?<spares>[^.]+)\.$/, gettext("%(server)s serves %(model)s. Standing by: %(spares)s.")],
  [/^(?<name>[\w ]+), ready$/, gettext("%(name)s, ready")],
  [/^There is no language model \(`llm_backend` is `none`\)/, gettext("There is no language model (llm_backend is none).")],
  [/^Whisper is loading\.$/, gettext("Whisper is loading.")],
  [/^Piper is loading\.$/, gettext("Piper is loading.")],
];

/**
 * Nothing is known of the components any more, except when they answered last.
 * @param {Element} list
 * @param {number} milliseconds Since 1970.
 */
export function markLost(list, milliseconds) {
  const time = new Date(milliseconds).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  for (const row of list.querySelectorAll(".part")) {
    row.setAttribute("data-state", "lost");
    const state = row.querySelector(".part-state");
    if (state) state.textContent = interpolate(gettext("last seen %(time)s"), { time });
  }
}
