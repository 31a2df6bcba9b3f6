// The Listen page: a microphone or a file in, text out.

import { EXPORTS } from "./exports.js";
import { FileListening } from "./file-listening.js";
import { saveAs } from "./files.js";
import { asClock, inMilliseconds, languageName } from "./format.js";
import { LiveListening } from "./live.js";
import { microphones, microphoneTrouble } from "./microphone.js";
import { announce, byId, make, setIcon, showNotice } from "./page.js";
import { TranscriptView } from "./transcript.js";

/** @typedef {import("./page.js").Trouble} Trouble */

const STATE_WORDS = {
  idle: "Press to listen",
  opening: "Opening",
  listening: "Listening",
  finishing: "Transcribing the rest",
  waiting: "Waiting for the server",
};
const QUIET_LEVEL = 0.002;
const QUIET_MS = 6_000;
const LAG_SHOWN_MS = 2_000;

const view = new TranscriptView();
const mic = byId("mic");
/** @type {FileListening|null} */
let fileListening = null;
let latency = "";
let speaking = false;
let lagMs = 0;
let lagAt = 0;
let loudAt = 0;

const live = new LiveListening({
  onState: showState,
  onLevel: showLevel,
  onUtterance(utterance, latencyMs) {
    if (latencyMs !== undefined) latency = `, last final after ${inMilliseconds(latencyMs)}`;
    view.add(utterance);
  },
  onPartial: (partial) => view.showPartial(partial),
  onSpeech: (now) => (speaking = now),
  onSettled: (seconds) => view.settle(seconds),
  onLag(milliseconds) {
    lagMs = milliseconds;
    lagAt = performance.now();
  },
  onTrouble: showTrouble,
  onCountdown(trouble, seconds) {
    const now = button("Try now", () => live.connectNow());
    const title = `${trouble.title} Trying again in ${seconds} s.`;
    showNotice(byId("notice"), { ...trouble, title, tone: "wait" }, now);
  },
});

/** @param {Trouble|null} trouble */
function showTrouble(trouble) {
  showNotice(byId("notice"), trouble);
}

/**
 * @param {string} words
 * @param {() => void} pressed
 */
function button(words, pressed) {
  const element = make("button", "button compact", words);
  element.addEventListener("click", pressed);
  return element;
}

/** @param {import("./live.js").LiveState} state */
function showState(state) {
  const on = state !== "idle" && state !== "finishing";
  const rest = on && live.stopped;
  mic.setAttribute("aria-pressed", String(on));
  mic.setAttribute("aria-label", rest ? "Discard the rest" : on ? "Stop listening" : "Start listening");
  mic.disabled = state === "finishing";
  setIcon(mic, on ? "stop" : "listen");
  byId("state-words").textContent = rest ? "Waiting to send the rest" : STATE_WORDS[state];
  if (rest) byId("facts").textContent = "Press the button to discard it.";
  byId("file").disabled = state !== "idle";
  for (const id of ["device", "language", "word-times"]) byId(id).disabled = state !== "idle";
  if (state === "listening") {
    loudAt = performance.now();
    showDevices();
  }
  if (state === "idle") view.dropPartial();
  if (state === "idle") byId("facts").textContent = "The text appears below as you speak.";
}

/** @param {number} level */
function showLevel(level) {
  const shown = level > 0 ? Math.max(0, Math.min(1, (20 * Math.log10(level) + 60) / 54)) : 0;
  byId("listen-top").style.setProperty("--level", shown.toFixed(3));
  if (live.state !== "listening") return;
  if (level > QUIET_LEVEL) loudAt = performance.now();
  const silent = performance.now() - loudAt > QUIET_MS;
  const fact = silent ? "No sound. Is this the right microphone?" : liveFacts();
  if (byId("facts").textContent !== fact) byId("facts").textContent = fact;
}

function liveFacts() {
  const late = performance.now() - lagAt < LAG_SHOWN_MS ? `, the server is ${inMilliseconds(lagMs)} late` : latency;
  return `${asClock(live.seconds)}${speaking ? ", speech detected" : ""}${late}`;
}

/** @returns {import("./transcription.js").ListenOptions} */
function chosenOptions() {
  return { language: byId("language").value, words: byId("word-times").checked };
}

function toggle() {
  if (live.state === "idle") {
    latency = "";
    lagAt = -LAG_SHOWN_MS;
    speaking = false;
    live.start(byId("device").value, chosenOptions());
  } else {
    live.stop();
  }
}

async function showDevices() {
  const select = byId("device");
  const chosen = select.value;
  const found = await microphones();
  const named = found.filter((device) => device.deviceId !== "default");
  select.replaceChildren(
    new Option("Default", ""),
    ...named.map((device, index) => new Option(device.label || `Microphone ${index + 1}`, device.deviceId)),
  );
  if (found.some((device) => device.deviceId === chosen)) select.value = chosen;
}

function nameLanguages() {
  const select = byId("language");
  const [first, ...others] = [...select.options];
  for (const option of others) option.textContent = languageName(option.value);
  others.sort((a, b) => a.text.localeCompare(b.text));
  select.replaceChildren(first, ...others);
  select.selectedIndex = 0;
}

/** @param {File} file */
function transcribeFile(file) {
  if (live.state !== "idle" || fileListening) {
    return showTrouble({ title: "Another transcription is running.", advice: "Stop it, then choose the file again.", tone: "wait" });
  }
  showTrouble(null);
  showFile(`Reading ${file.name}`, 0);
  const before = view.utterances.length;
  fileListening = new FileListening(file, chosenOptions(), {
    onProgress: showFile,
    onTranscript: ({ text, start = 0, end = start, language, words }) => view.add({ text, start, end, language, words }),
    onTrouble: showTrouble,
    onEnd(complete) {
      fileEnded();
      if (!complete) return;
      if (view.utterances.length === before) showTrouble({ title: `No speech was found in ${file.name}.`, tone: "note" });
      announce(`${file.name} is transcribed`);
    },
  });
  return undefined;
}

/**
 * @param {string} words
 * @param {number} part
 */
function showFile(words, part) {
  byId("file-running").hidden = false;
  byId("file-idle").hidden = true;
  byId("file-words").textContent = words;
  const bar = byId("file-progress");
  bar.value = Math.max(part, part === 0 ? 0 : bar.value);
  mic.disabled = true;
}

function fileEnded() {
  fileListening = null;
  byId("file-running").hidden = true;
  byId("file-idle").hidden = false;
  byId("file").value = "";
  mic.disabled = false;
}

function watchDrops() {
  let inside = 0;
  const veil = byId("drop-veil");
  const carriesFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (carriesFile(event)) veil.hidden = ++inside === 0;
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFile(event)) veil.hidden = --inside <= 0;
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) transcribeFile(file);
  });
}

function showTools() {
  const empty = view.utterances.length === 0;
  byId("utterances").dataset.text = view.text;
  for (const id of ["copy", "clear", "save"]) byId(id).disabled = empty;
}

function save() {
  const name = byId("save-as").value;
  const { type, write } = EXPORTS[name];
  saveAs(new Blob([write(view.utterances)], { type }), `transcript.${name}`);
}

view.onChange = showTools;
mic.addEventListener("click", toggle);
byId("file").addEventListener("change", () => {
  const file = byId("file").files[0];
  if (file) transcribeFile(file);
});
byId("choose").addEventListener("click", () => byId("file").click());
byId("cancel").addEventListener("click", () => {
  fileListening?.cancel();
  fileEnded();
  byId("choose").focus();
});
byId("clear").addEventListener("click", () => {
  view.clear();
  mic.focus();
});
byId("save").addEventListener("click", save);
navigator.mediaDevices?.addEventListener("devicechange", showDevices);
watchDrops();
nameLanguages();
showDevices();
showTools();
if (!navigator.mediaDevices) {
  mic.disabled = true;
  byId("state-words").textContent = "No microphone available";
  showTrouble(microphoneTrouble(null));
}
