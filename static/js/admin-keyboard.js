// The admin's theme has controls that only a mouse can press, and icons whose names a
// screen reader would read out. This makes them buttons with names.

import { gettext } from "./i18n.js";

const ICON = ".material-symbols-outlined";
const PRESSED = "[x-on\\:click]:not(a[href], button, input, label, td, tr, #changelist-filter-close)";
const FOCUSABLE = "a[href], button, input, select, [tabindex]";

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
  if (pressed.startsWith("sidebarMobileOpen")) return document.getElementById("nav-sidebar-inner");
  if (pressed === "filterOpen = true") return document.getElementById("changelist-filter");
  return null;
}

/** @param {Element} panel */
function enter(panel) {
  const first = [...panel.querySelectorAll(FOCUSABLE)].find((each) => each.checkVisibility());
  if (first instanceof HTMLElement) first.focus();
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
  if (panel?.contains(control)) return;
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
