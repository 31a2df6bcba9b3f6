// Tabs: click or arrow keys; the choice of language holds for every example.

const lists = [...document.querySelectorAll("[role=tablist]")];

/** @param {string|undefined} name The language's short name. */
function choose(name) {
  for (const list of lists) {
    for (const tab of list.querySelectorAll("[role=tab]")) {
      const chosen = /** @type {HTMLElement} */ (tab).dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      /** @type {HTMLElement} */ (tab).tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !chosen;
    }
  }
}

/** @param {KeyboardEvent} event */
function move(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const tab = /** @type {HTMLElement} */ (event.target);
  if (!step || tab.getAttribute("role") !== "tab") return;
  const tabs = /** @type {HTMLElement[]} */ ([...(tab.parentElement?.children ?? [])]);
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  choose(next.dataset.tab);
  next.focus();
}

for (const list of lists) {
  list.addEventListener("click", (event) => {
    const tab = /** @type {Element} */ (event.target).closest("[role=tab]");
    if (tab instanceof HTMLElement) choose(tab.dataset.tab);
  });
  list.addEventListener("keydown", /** @type {EventListener} */ (move));
}
choose("sh");
