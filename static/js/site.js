// What every page does: the state dot, the theme switch, lines to copy.

import { address } from "./address.js";
import { toClipboard } from "./clipboard.js";
import { drawParts, markLost, STATE_WORDS, watchHealth } from "./health.js";
import { gettext, interpolate } from "./i18n.js";
import { announce, byId, setIcon } from "./page.js";

const NOTES = {
  gone: gettext("The server does not answer. It may be stopped or restarting; this page keeps trying."),
  closed: gettext("This server needs a key. Sign in on the Admin page to see its components."),
};

let lastSeen = Date.now();

/** @param {CustomEvent<import("./health.js").Health>} event */
function showHealth({ detail: health }) {
  const button = byId("state");
  const before = button.dataset.state;
  button.dataset.state = health.state;
  byId("state-word").textContent = STATE_WORDS[health.state];
  const note = NOTES[health.state];
  byId("state-note").textContent = note ?? interpolate(gettext("Version %(version)s"), { version: health.version ?? "" });
  if (health.state === "gone") {
    for (const list of document.querySelectorAll(".parts")) markLost(list, lastSeen);
  } else {
    lastSeen = Date.now();
  }
  if (!note) {
    for (const list of document.querySelectorAll("[data-parts]")) drawParts(list, health.parts);
  }
  const settled = before !== "waiting" && before !== health.state;
  if (settled) announce(`${gettext("Server state:")} ${STATE_WORDS[health.state]}`);
}

function isDark() {
  const kept = document.documentElement.dataset.theme;
  return kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function showTheme() {
  // The interactive API has its own dark colours.
  document.documentElement.classList.toggle("dark-mode", isDark());
  const button = byId("theme");
  setIcon(button, isDark() ? "sun" : "moon");
  button.setAttribute("aria-label", isDark() ? gettext("Switch to the light theme") : gettext("Switch to the dark theme"));
}

function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Not kept then; it still holds for this page.
  }
  showTheme();
  document.dispatchEvent(new CustomEvent("themechange"));
}

const LANGUAGE_COOKIE = "voice_language";
const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * Keep the language in a cookie, which takes precedence over the languages of the browser.
 * @param {string} code
 */
function switchLanguage(code) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${LANGUAGE_COOKIE}=${code}; path=${address("/")}; max-age=${YEAR_SECONDS}; samesite=lax${secure}`;
  location.reload();
}

/** @param {HTMLElement} button */
async function copyFrom(button) {
  const source = byId(button.dataset.copy ?? "");
  const said = button.querySelector("[data-copy-word]");
  try {
    await toClipboard((source.dataset.text ?? source.innerText).trim());
  } catch {
    announce(gettext("Copying failed. Select the text and copy it yourself."));
    return;
  }
  button.dataset.done = "";
  setIcon(button, "check");
  if (said) said.textContent = gettext("Copied");
  announce(gettext("Copied"));
  setTimeout(() => {
    delete button.dataset.done;
    setIcon(button, "copy");
    if (said) said.textContent = gettext("Copy");
  }, 1_600);
}

// @ts-ignore - a custom event
document.addEventListener("health", showHealth);
document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy]");
  if (button instanceof HTMLElement) copyFrom(button);
});
for (const choice of document.querySelectorAll("[data-language]")) {
  choice.addEventListener("click", () => switchLanguage(choice.getAttribute("data-language") ?? ""));
}
byId("theme").addEventListener("click", switchTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
showTheme();
watchHealth();
