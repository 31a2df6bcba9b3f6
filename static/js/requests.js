// The latest requests as a table, with the time of each stage as a small bar.

import { inMilliseconds, timeOfDay } from "./format.js";
import { gettext } from "./i18n.js";
import { byId, icon, make } from "./page.js";
import { stageBar } from "./stage-bar.js";

const KINDS = { transcript: gettext("Listen"), synthesis: gettext("Speak") };
const STATUS = {
  ok: { icon: "check", words: gettext("Done") },
  error: { icon: "warning", words: gettext("Failed") },
  cancelled: { icon: "cross", words: gettext("Cancelled") },
};
const STAGE_WORDS = {
  llm_first_token: gettext("first token"),
  first_audio: gettext("first audio"),
  transcribe: gettext("transcribing"),
  wait: gettext("waiting"),
  final: gettext("text"),
  total: gettext("total"),
};
const MAX_STAGES = 4;

/**
 * @typedef {object} RecentRequest
 * @property {string} kind
 * @property {number} time
 * @property {string} text
 * @property {string} status
 * @property {Record<string, number>} stages_ms
 * @property {string} request_id
 */

let shown = "";

/** @param {RecentRequest[]} requests */
export function drawRequests(requests) {
  const now = JSON.stringify(requests);
  if (now === shown) return;
  shown = now;
  byId("requests-waiting").hidden = true;
  byId("requests-empty").hidden = requests.length > 0;
  byId("requests-table").hidden = requests.length === 0;
  byId("requests").replaceChildren(...requests.map(row));
}

/** @param {RecentRequest} request */
function row(request) {
  const status = STATUS[request.status] ?? STATUS.error;
  const shownStatus = make("span", "status", icon(status.icon), status.words);
  shownStatus.dataset.status = request.status;
  const text = make("div", "clip", request.text || "–");
  text.title = request.request_id;
  const cells = [
    make("td", "", timeOfDay(request.time * 1000)),
    make("td", "", KINDS[request.kind] ?? request.kind),
    make("td", "", text),
    stagesCell(request.stages_ms),
    make("td", "", shownStatus),
  ];
  return make("tr", "", ...cells);
}

/**
 * Stages are moments since the beginning, so the bar shows the steps between them.
 * @param {Record<string, number>} stages
 */
function stagesCell(stages) {
  const moments = Object.entries(stages).sort((a, b) => a[1] - b[1]).slice(-MAX_STAGES);
  const end = moments.at(-1)?.[1] ?? 0;
  const words = moments.map(([name, ms]) => `${STAGE_WORDS[name] ?? name.replaceAll("_", " ")} ${inMilliseconds(ms)}`);
  if (!end) return make("td", "", words.join(", ") || "–");
  return make("td", "", stageBar(moments), make("span", "stage-words", words.join(" · ")));
}
