// Files that are dropped anywhere on the page.

import { byId } from "./page.js";

/** @param {(files: File[]) => void} dropped */
export function watchDrops(dropped) {
  let inside = 0;
  const veil = byId("drop-veil");
  const carriesFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (carriesFile(event)) veil.hidden = ++inside === 0;
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFile(event)) veil.hidden = --inside <= 0;
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    veil.hidden = true;
    dropped([...(event.dataTransfer?.files ?? [])]);
  });
}
