// Shows how far the downloads of voices are, and starts and cancels them without leaving the page.

import { gettext, interpolate } from "./i18n.js";

const POLL_MS = 500;
const PATIENCE_MS = 3_000;
const ANNOUNCE_PERCENT = 25;
const GONE = gettext("The server does not answer. Trying again.");
const REFUSED = gettext("You no longer have access. Sign in again.");

/** The server answers scripts in English. */
const STATE_WORDS = {
  waiting: gettext("Queued"),
  downloading: gettext("Downloading"),
  checking: gettext("Validating"),
  installing: gettext("Installing"),
  installed: gettext("Installed"),
  failed: gettext("Failed"),
  cancelled: gettext("Cancelled"),
};

const chooser = document.getElementById("voice-download");
const panel = document.getElementById("voice-downloads");
const list = panel.querySelector("ul");
const status = panel.querySelector("[role=status]");
const announced = new Map();
let timer = 0;
let looks = 0;

async function ask(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { Accept: "application/json" } });
  if (answer.status === 403) throw new Error(REFUSED);
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error?.message ?? interpolate(gettext("The server answered with %(status)s."), { status: answer.status }));
  return told;
}

function itemOf(name) {
  return [...list.children].find((item) => item.dataset.name === name);
}

function made(name) {
  const template = document.getElementById("voice-download-item");
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.name = name;
  item.querySelector("progress").setAttribute("aria-label", interpolate(gettext("Download of %(name)s"), { name }));
  for (const field of item.querySelectorAll("[name=name]")) field.value = name;
  const labels = { stoppable: gettext("Cancel the download of %(name)s"), failed: gettext("Try again to download %(name)s") };
  for (const form of item.querySelectorAll("form")) {
    form.querySelector("button").setAttribute("aria-label", interpolate(labels[form.dataset.when], { name }));
  }
  return item;
}

function fill(item, download) {
  item.dataset.state = download.state;
  const shown = { ...download, words: STATE_WORDS[download.state] };
  for (const part of item.querySelectorAll("[data-shown]")) {
    part.textContent = shown[part.dataset.shown];
  }
  item.querySelector("[data-shown=problem]").hidden = !download.problem;
  const progress = item.querySelector("progress");
  progress.hidden = !download.active;
  if (download.percent === null) progress.removeAttribute("value");
  else progress.value = download.percent;
  const offered = { stoppable: download.stoppable, failed: download.state === "failed" };
  for (const form of item.querySelectorAll("form")) hide(form, !offered[form.dataset.when], item);
}

function hide(form, hidden, item) {
  const hadFocus = form.contains(document.activeElement);
  form.hidden = hidden;
  // What has the focus must not vanish under it.
  if (hidden && hadFocus) item.querySelector("[data-shown=name]").focus();
}

function announce(download) {
  const quarter = Math.floor((download.percent ?? 0) / ANNOUNCE_PERCENT) * ANNOUNCE_PERCENT;
  const moves = download.state === "downloading" && quarter > 0 && quarter < 100;
  const words = [STATE_WORDS[download.state], moves ? `${quarter} %` : "", download.problem].filter(Boolean);
  const said = `${download.name}: ${words.join(", ")}`;
  const isNew = announced.get(download.name) !== said;
  announced.set(download.name, said);
  // What was there when the page came is no news.
  if (isNew && looks > 1) status.textContent = said;
}

function show(download, { first = false } = {}) {
  const found = itemOf(download.name);
  const item = found ?? made(download.name);
  fill(item, download);
  if (first || !found) list.prepend(item);
  document.getElementById("voice-downloads-empty").hidden = true;
  if (download.state === "installed") {
    chooser?.querySelector(`option[value="${CSS.escape(download.name)}"]`)?.remove();
  }
}

async function look() {
  const turn = (looks += 1);
  clearTimeout(timer);
  const trouble = panel.querySelector(".voice-trouble");
  try {
    const { downloads } = await ask(panel.dataset.stateUrl);
    if (turn !== looks) return;
    if ([GONE, REFUSED].includes(trouble.textContent)) trouble.textContent = "";
    for (const download of downloads.reverse()) {
      show(download);
      announce(download);
    }
    if (downloads.some((each) => each.active)) timer = setTimeout(look, POLL_MS);
  } catch (error) {
    if (turn !== looks) return;
    trouble.textContent = error.message === REFUSED ? REFUSED : GONE;
    timer = setTimeout(look, PATIENCE_MS);
  }
}

async function send(form) {
  const trouble = (form === chooser ? chooser : panel).querySelector(".voice-trouble");
  const button = form.querySelector("button");
  if (button.ariaDisabled === "true") return;
  // Not `disabled`, which would take the focus away.
  button.ariaDisabled = "true";
  trouble.textContent = "";
  try {
    show(await ask(form.action, { method: "POST", body: new FormData(form) }), { first: form === chooser });
    look();
  } catch (error) {
    trouble.textContent = error.message;
  } finally {
    button.ariaDisabled = "false";
  }
}

document.addEventListener("submit", (event) => {
  if (event.target !== chooser && !list.contains(event.target)) return;
  event.preventDefault();
  send(event.target);
});

look();
