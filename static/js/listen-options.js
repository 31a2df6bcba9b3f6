// The options of the Listen page: remembered, and as code for other programs.

import { rememberChoices, rememberedChoices } from "./choices.js";
import { asCurl, asPython, KEY } from "./copy-as.js";
import { nameLanguages, showMicrophones as listMicrophones } from "./device-fields.js";
import { byId } from "./page.js";

const REMEMBERED = ["device", "speech-language", "word-times", "translate", "keep-audio", "hotwords", "prompt"];
/** These hold from the next take on. */
const FIXED_WHILE_LISTENING = ["device", "speech-language", "word-times", "translate", "hotwords", "prompt"];

/** @returns {import("./transcription.js").ListenOptions} */
export function chosenOptions() {
  return {
    language: byId("speech-language").value,
    words: byId("word-times").checked,
    translate: byId("translate").checked,
    hotwords: byId("hotwords").value.trim(),
    prompt: byId("prompt").value.trim(),
  };
}

/** @param {boolean} enabled */
export function enableOptions(enabled) {
  for (const id of FIXED_WHILE_LISTENING) byId(id).disabled = !enabled || byId(id).dataset.never !== undefined;
}

export function prepareOptions() {
  nameLanguages(byId("speech-language"));
  showMicrophones();
  rememberChoices("listen", REMEMBERED.map(byId));
  navigator.mediaDevices?.addEventListener("devicechange", showMicrophones);
  byId("listen").addEventListener("input", showCode);
  showCode();
}

export function showMicrophones() {
  return listMicrophones(byId("device"), String(rememberedChoices("listen").device ?? ""));
}

function showCode() {
  const place = document.getElementById("code");
  if (!place) return;
  const call = callOf(place.dataset);
  byId("code-curl").textContent = asCurl(call);
  byId("code-python").textContent = asPython(call);
}

/**
 * The request that transcribes a file with these options.
 * @param {DOMStringMap} server
 * @returns {import("./copy-as.js").Call}
 */
function callOf({ address, needsKey }) {
  const { language, words, translate, hotwords, prompt } = chosenOptions();
  /** @type {[string, string][]} */
  const form = [["response_format", words ? "verbose_json" : "text"]];
  if (words) form.push(["timestamp_granularities[]", "word"]);
  if (language) form.push(["language", language]);
  for (const word of hotwords?.split(",") ?? []) if (word.trim()) form.push(["keywords[]", word.trim()]);
  if (prompt) form.push(["prompt", prompt]);
  return {
    method: "POST",
    address: `${address}/v1/audio/${translate ? "translations" : "transcriptions"}`,
    headers: needsKey ? { Authorization: `Bearer ${KEY}` } : undefined,
    files: { file: "recording.wav" },
    form,
  };
}
