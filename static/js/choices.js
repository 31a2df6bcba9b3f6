// The choices of a page: what was chosen last time is chosen again.

/** @typedef {HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement} Field */

/**
 * Restore the fields by their ids, and remember every later change in this browser.
 * A choice that a list does not offer now is left alone.
 * @param {string} page A name of its own for each page.
 * @param {Field[]} fields
 */
export function rememberChoices(page, fields) {
  const known = rememberedChoices(page);
  for (const field of fields) {
    if (field.id in known) restore(field, known[field.id]);
    field.addEventListener("input", () => rememberChoice(page, field.id, chosen(field)));
  }
}

/**
 * @param {string} page
 * @returns {Record<string, string|boolean>}
 */
export function rememberedChoices(page) {
  try {
    const known = JSON.parse(localStorage.getItem(keyOf(page)) ?? "{}");
    return known && typeof known === "object" ? known : {};
  } catch {
    return {};
  }
}

/**
 * @param {string} page
 * @param {string} name
 * @param {string|boolean} value
 */
export function rememberChoice(page, name, value) {
  try {
    const known = { ...rememberedChoices(page), [name]: value };
    localStorage.setItem(keyOf(page), JSON.stringify(known));
  } catch {
    // Storage is closed to this page: the choice holds until it is left.
  }
}

/** @param {string} page */
function keyOf(page) {
  return `choices-${page}`;
}

/** @param {Field} field */
function chosen(field) {
  return isSwitch(field) ? field.checked : field.value;
}

/**
 * @param {Field} field
 * @param {string|boolean} value
 */
function restore(field, value) {
  if (isSwitch(field)) {
    field.checked = value === true && !field.disabled;
  } else if (!(field instanceof HTMLSelectElement) || offers(field, value)) {
    field.value = String(value);
  }
}

/**
 * @param {Field} field
 * @returns {field is HTMLInputElement}
 */
function isSwitch(field) {
  return field instanceof HTMLInputElement && field.type === "checkbox";
}

/**
 * @param {HTMLSelectElement} select
 * @param {string|boolean} value
 */
function offers(select, value) {
  return [...select.options].some((option) => option.value === value);
}
