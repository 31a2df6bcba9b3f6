// The choices of the Talk page, remembered in this browser.

import { rememberChoice, rememberChoices, rememberedChoices } from "./choices.js";
import { nameLanguages, showMicrophones, showOutputs } from "./device-fields.js";
import { gettext } from "./i18n.js";
import { byId } from "./page.js";
import { canChooseOutput } from "./reply-player.js";
import { getJson } from "./server.js";
import { voiceWords } from "./voices.js";

const PAGE = "talk";
const REMEMBERED = ["device", "output", "speech-language", "half-duplex", "model", "instructions"];

/** What `session.update` shall change. */
export function chosenSession() {
  const language = byId("speech-language").value;
  const voice = byId("voice").value;
  return {
    instructions: byId("instructions").value.trim(),
    model: byId("model").value,
    audio: {
      input: { transcription: { language: language || null } },
      ...(voice && { output: { voice } }),
    },
    "x.half_duplex": byId("half-duplex").checked,
  };
}

/** @param {() => void} changed Called when the session's options change. */
export function prepareOptions(changed) {
  nameLanguages(byId("speech-language"));
  rememberChoices(PAGE, REMEMBERED.map(byId));
  showDevices();
  navigator.mediaDevices?.addEventListener("devicechange", showDevices);
  for (const id of ["speech-language", "half-duplex", "model", "instructions", "voice"]) byId(id).addEventListener("change", changed);
  loadVoices();
}

/** They have names once one was allowed. */
export async function showDevices() {
  const { device, output } = rememberedChoices(PAGE);
  await showMicrophones(byId("device"), String(device ?? ""));
  const isChoice = canChooseOutput() && (await showOutputs(byId("output"), String(output ?? "")));
  byId("output-field").hidden = !isChoice;
}

/** A user without access to the voices gets the default one. */
async function loadVoices() {
  const select = byId("voice");
  const { default: usual, details } = await getJson("/voices").catch(() => ({ details: [] }));
  const options = details.map((/** @type {import("./voices.js").Voice} */ voice) => new Option(voiceWords(voice), voice.name));
  select.replaceChildren(...(options.length ? options : [new Option(gettext("Default"), "")]));
  const wanted = String(rememberedChoices(PAGE).voice ?? "");
  select.value = options.some((/** @type {HTMLOptionElement} */ option) => option.value === wanted) ? wanted : (usual ?? options[0]?.value ?? "");
  select.disabled = options.length === 0;
  select.addEventListener("change", () => rememberChoice(PAGE, "voice", select.value));
}
