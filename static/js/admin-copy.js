// Copies a new secret of an API key.

import { toClipboard } from "./clipboard.js";

document.addEventListener("click", async (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy]");
  if (!(button instanceof HTMLElement)) return;
  const source = document.getElementById(button.dataset.copy ?? "");
  await toClipboard(source?.textContent ?? "");
  button.textContent = button.dataset.done ?? "";
});
