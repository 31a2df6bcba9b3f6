// The recordings that are being transcribed as files, each with its progress.

import { asClock } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { byId, make } from "./page.js";

/**
 * @typedef {object} RunningFile
 * @property {string} request_id
 * @property {string} principal
 * @property {number} done_seconds
 * @property {number|null} audio_seconds
 * @property {number} running_seconds
 */

/** @param {RunningFile[]} files */
export function drawRunningFiles(files) {
  byId("files-section").hidden = files.length === 0;
  byId("files").replaceChildren(...files.map(row));
}

/** @param {RunningFile} file */
function row(file) {
  const bar = /** @type {HTMLProgressElement} */ (make("progress", ""));
  bar.setAttribute("aria-label", interpolate(gettext("Progress of %(id)s"), { id: file.request_id }));
  if (file.audio_seconds) {
    bar.max = file.audio_seconds;
    bar.value = Math.min(file.done_seconds, file.audio_seconds);
  }
  const done = asClock(file.done_seconds);
  const words = file.audio_seconds ? interpolate(gettext("%(done)s of %(total)s"), { done, total: asClock(file.audio_seconds) }) : done;
  return make(
    "tr",
    "",
    make("td", "", bar),
    make("td", "", words),
    make("td", "", asClock(file.running_seconds)),
    make("td", "mono small", file.request_id),
  );
}
