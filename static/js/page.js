// Small helpers that every page uses.

/**
 * The element with this id.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}

/**
 * A new element with a class and children; strings become text, never markup.
 * @param {string} tag
 * @param {string} className
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * An SVG element with attributes.
 * @param {string} tag
 * @param {Record<string, string|number>} attributes
 * @returns {SVGElement}
 */
export function makeSvg(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
  return element;
}

const SPRITE = new URL("../img/icons.svg", import.meta.url).pathname;

/**
 * One of the icons of img/icons.svg.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const element = makeSvg("svg", { class: "icon", "aria-hidden": "true", focusable: "false" });
  element.append(makeSvg("use", { href: `${SPRITE}#${name}` }));
  return element;
}

/**
 * Swap the icon inside a button.
 * @param {Element} button
 * @param {string} name
 */
export function setIcon(button, name) {
  button.querySelector("use")?.setAttribute("href", `${SPRITE}#${name}`);
}

/**
 * Tell people who use a screen reader what has happened.
 * @param {string} words
 */
export function announce(words) {
  byId("announcer").textContent = words;
}

/**
 * @typedef {object} Trouble
 * @property {string} title What happened.
 * @property {string} [advice] What to do.
 * @property {"bad"|"wait"|"note"} [tone]
 */

const TONE_ICONS = { bad: "warning", wait: "wait", note: "check" };

/**
 * Show a notice in its place, or nothing.
 * @param {Element} place
 * @param {Trouble|null} trouble
 * @param {...Node} actions
 */
export function showNotice(place, trouble, ...actions) {
  place.replaceChildren();
  if (!trouble) return;
  const tone = trouble.tone ?? "bad";
  const words = make("div", "", make("p", "notice-title", trouble.title));
  if (trouble.advice) words.append(make("p", "", trouble.advice));
  if (actions.length) words.append(make("div", "actions", ...actions));
  const notice = make("div", "notice", icon(TONE_ICONS[tone]), words);
  notice.dataset.tone = tone;
  place.append(notice);
}

/**
 * A colour of css/site.css as the browser resolves it now, for canvases.
 * @param {string} name Such as "--accent".
 * @returns {string}
 */
export function colour(name) {
  const probe = make("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/**
 * Call back when the colours change: by the switch or by the system.
 * @param {() => void} changed
 */
export function onThemeChange(changed) {
  document.addEventListener("themechange", changed);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}
