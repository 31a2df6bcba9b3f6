// Lists of microphones and of languages, with names for people.

import { languageName } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { microphones } from "./microphone.js";

/**
 * The microphones that can be chosen; they have names once one was allowed.
 * @param {HTMLSelectElement} select
 * @param {string} wanted Chosen if it is there.
 */
export async function showMicrophones(select, wanted) {
  const found = await microphones();
  const named = found.filter((device) => device.deviceId !== "default");
  const nameOf = (/** @type {number} */ index) => interpolate(gettext("Microphone %(number)s"), { number: index + 1 });
  select.replaceChildren(
    new Option(gettext("Default"), ""),
    ...named.map((device, index) => new Option(device.label || nameOf(index), device.deviceId)),
  );
  if (named.some((device) => device.deviceId === wanted)) select.value = wanted;
}

/**
 * Name and sort the languages after the first choice.
 * @param {HTMLSelectElement} select Its options show codes.
 */
export function nameLanguages(select) {
  const [first, ...others] = [...select.options];
  for (const option of others) option.textContent = languageName(option.value);
  others.sort((a, b) => a.text.localeCompare(b.text));
  select.replaceChildren(first, ...others);
  select.selectedIndex = 0;
}
