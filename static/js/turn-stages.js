// Where the time of a turn went, from the end of the speech to the sound of the reply.

import { inMilliseconds, inSeconds } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { make } from "./page.js";
import { stageBar } from "./stage-bar.js";

const STAGES = {
  transcribed: gettext("text"),
  committed: gettext("end of turn"),
  llm_first_token: gettext("first token"),
  first_audio: gettext("first audio"),
  first_sent: gettext("sent"),
  heard: gettext("heard"),
};

/**
 * @param {Record<string, number>} stages Milliseconds since the end of the speech.
 * @returns {HTMLElement|null} Nothing if the reply was never heard.
 */
export function drawStages(stages) {
  const moments = Object.keys(STAGES)
    .filter((name) => stages[name] !== undefined)
    .map((name) => /** @type {[string, number]} */ ([name, Math.max(0, stages[name])]))
    .sort((a, b) => a[1] - b[1]);
  const total = stages.heard ?? stages.first_sent;
  if (total === undefined) return null;
  const summary = make("summary", "", interpolate(gettext("Answered after %(time)s"), { time: inSeconds(total / 1000) }), stageBar(moments));
  const rows = moments.map(([name, ms], index) => {
    const key = make("span", `stage-key stage-${index}`);
    key.setAttribute("aria-hidden", "true");
    return make("li", "", key, `${STAGES[name]} ${inMilliseconds(ms)}`);
  });
  return make("details", "talk-stages", summary, make("ul", "", ...rows));
}
