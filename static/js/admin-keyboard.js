// The admin's theme has controls that only a mouse can press, and icons whose names a
// screen reader would read out. This makes them buttons with names.

import { gettext } from "./i18n.js";

const ICON = ".material-symbols-outlined";
const PRESSED = "[x-on\\:click]:not(a[href], button, input, label, td, tr, #changelist-filter-close)";
const FOCUSABLE = "a[href], button, input, select, [tabindex]";

const MENU = "nav-sidebar-inner";

/** @type {Record<string, string>} What a control does that shows only this icon. */
const NAMES = {
  dock_to_right: gettext("Menu"),
  close: gettext("Close the menu"),
  graphic_eq: gettext("Home"),
  more_horiz: gettext("Actions"),
  more_vert: gettext("Actions"),
  search: gettext("Search"),
};

/**
 * What the control opens, if focus should go there.
 * @param {Element} control
 */
function panelOf(control) {
  const pressed = control.getAttribute("x-on:click") ?? "";
  if (pressed.startsWith("openUserLinks")) return control.previousElementSibling;
  if (pressed.startsWith("sidebarMobileOpen")) return document.getElementById(MENU);
  if (pressed === "filterOpen = true") return document.getElementById("changelist-filter");
  return null;
}

/** @param {Element} panel */
function enter(panel) {
  const [first] = stopsIn(panel);
  if (first instanceof HTMLElement) first.focus();
}

/** @param {HTMLElement} closer Within the panel that it closes. */
function focusOpener(closer) {
  const pressed = closer.getAttribute("x-on:click");
  const others = [...document.querySelectorAll(PRESSED)].filter((each) => each !== closer && each.checkVisibility());
  const opener = others.find((each) => each.getAttribute("x-on:click") === pressed);
  if (opener instanceof HTMLElement) opener.focus();
}

/** @param {Element} panel */
function stopsIn(panel) {
  return [...panel.querySelectorAll(FOCUSABLE)].filter((each) => each instanceof HTMLElement && each.tabIndex >= 0 && !each.matches(":disabled") && each.checkVisibility());
}

/**
 * On a narrow screen the menu covers the page: while it does, Tab stays in it.
 * @param {HTMLElement} opener
 * @param {Element} menu
 */
function keepTabIn(opener, menu) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !opener.checkVisibility() || !menu.checkVisibility()) return;
    const stops = stopsIn(menu);
    const at = document.activeElement ? stops.indexOf(document.activeElement) : -1;
    const isInside = event.shiftKey ? at > 0 : at >= 0 && at < stops.length - 1;
    const next = stops.at(event.shiftKey ? -1 : 0);
    if (isInside || !(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
  });
}

/** @param {HTMLElement} control */
function makeButton(control) {
  control.setAttribute("role", "button");
  control.tabIndex = 0;
  const panel = panelOf(control);
  control.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    control.click();
    // The theme shows the panel after this event.
    if (panel) setTimeout(() => enter(panel), 50);
  });
  if (panel?.contains(control)) {
    control.addEventListener("click", () => focusOpener(control));
    return;
  }
  if (panel?.id === MENU) {
    keepTabIn(control, panel);
    control.addEventListener("click", () => setTimeout(() => enter(panel), 50));
  }
  panel?.addEventListener("keydown", (event) => {
    if (!(event instanceof KeyboardEvent) || event.key !== "Escape" || !control.checkVisibility()) return;
    const closer = panel.querySelector("#changelist-filter-close") ?? control;
    if (closer instanceof HTMLElement) closer.click();
    control.focus();
  });
}

/** @param {Element} control */
function name(control) {
  const words = control.textContent?.trim() ?? "";
  const icon = control.matches(ICON) ? control : control.querySelector(ICON);
  if (!icon || icon.textContent?.trim() !== words || control.hasAttribute("aria-label")) return;
  const said = NAMES[words] ?? control.getAttribute("title");
  if (said) control.setAttribute("aria-label", said);
}

document.getElementById("main")?.setAttribute("role", "main");
for (const control of document.querySelectorAll(PRESSED)) if (control instanceof HTMLElement) makeButton(control);
for (const control of document.querySelectorAll("a, button, [role=button]")) name(control);
for (const icon of document.querySelectorAll(`${ICON}:not([role])`)) icon.setAttribute("aria-hidden", "true");
