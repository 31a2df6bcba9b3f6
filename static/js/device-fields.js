// Lists of microphones and of languages, with names for people.

import { languageName } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { audioDevices } from "./microphone.js";

/**
 * The microphones that can be chosen; they have names once one was allowed.
 * @param {HTMLSelectElement} select
 * @param {string} wanted Chosen if it is there.
 */
export async function showMicrophones(select, wanted) {
  const words = gettext("Microphone %(number)s");
  showDevices(select, await audioDevices("audioinput"), wanted, (number) => interpolate(words, { number }));
}

/**
 * The loudspeakers and headphones that can be chosen.
 * @param {HTMLSelectElement} select
 * @param {string} wanted Chosen if it is there.
 * @returns {Promise<boolean>} Whether there is a choice.
 */
export async function showOutputs(select, wanted) {
  const found = await audioDevices("audiooutput");
  const words = gettext("Output %(number)s");
  showDevices(select, found, wanted, (number) => interpolate(words, { number }));
  return select.options.length > 1;
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} found
 * @param {string} wanted
 * @param {(number: number) => string} nameOf Of a device without a name.
 */
function showDevices(select, found, wanted, nameOf) {
  const named = found.filter((device) => device.deviceId !== "default");
  select.replaceChildren(
    new Option(gettext("Default"), ""),
    ...named.map((device, index) => new Option(device.label || nameOf(index + 1), device.deviceId)),
  );
  if (named.some((device) => device.deviceId === wanted)) select.value = wanted;
}

/**
 * Name the languages after the first choice in the language of the page, and sort them.
 * @param {HTMLSelectElement} select Its options show English names, which stay where the browser has none.
 */
export function nameLanguages(select) {
  const [first, ...others] = [...select.options];
  for (const option of others) {
    const name = languageName(option.value);
    if (name !== option.value) option.textContent = name;
  }
  others.sort((a, b) => a.text.localeCompare(b.text));
  select.replaceChildren(first, ...others);
  select.selectedIndex = 0;
}
