// The Configuration page: search, and only what differs.

import { gettext, interpolate } from "./i18n.js";
import { byId } from "./page.js";

const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".setting")]);
const groups = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".group")]);

function filter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const onlyChanged = byId("only-changed").checked;
  let count = 0;
  for (const row of rows) {
    const text = (row.dataset.search ?? "").toLowerCase();
    const fits = words.every((word) => text.includes(word)) && (!onlyChanged || "changed" in row.dataset);
    row.hidden = !fits;
    count += fits ? 1 : 0;
  }
  for (const group of groups) {
    group.hidden = [...group.querySelectorAll(".setting")].every((row) => row.hasAttribute("hidden"));
  }
  byId("found").textContent = interpolate(gettext("%(count)s of %(total)s settings"), { count, total: rows.length });
  byId("nothing").hidden = count > 0;
}

byId("search").addEventListener("input", filter);
byId("only-changed").addEventListener("change", filter);
filter();
