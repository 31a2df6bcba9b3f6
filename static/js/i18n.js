// The language of the page: its messages, and how it writes numbers and dates.
// Django's JavaScript catalogue, a script before this one, has the translations;
// an English page has none. `manage.py messages` collects the messages.

/**
 * @typedef {object} Catalogue
 * @property {(message: string) => string} gettext
 * @property {(one: string, many: string, count: number) => string} ngettext
 */

/** @type {Partial<Catalogue>} */
const catalogue = Reflect.get(globalThis, "django") ?? {};

/** Such as "en" or "de". */
export const language = document.documentElement.lang || "en";

/**
 * The message in the language of the page.
 * @param {string} message English, written out where it is called.
 * @returns {string}
 */
export function gettext(message) {
  return catalogue.gettext?.(message) ?? message;
}

/**
 * The message in the form for this count.
 * @param {string} one
 * @param {string} many
 * @param {number} count
 * @returns {string}
 */
export function ngettext(one, many, count) {
  return catalogue.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
}

/**
 * Fill the places like %(name)s.
 * @param {string} message
 * @param {Record<string, string|number>} values
 * @returns {string}
 */
export function interpolate(message, values) {
  return message.replaceAll(/%\((\w+)\)s/g, (place, name) => String(values[name] ?? place));
}

/**
 * A number with the separators of the language.
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export function formatNumber(value, options) {
  return value.toLocaleString(language, options);
}
