// The stages of a request as a small stacked bar.

import { makeSvg } from "./page.js";

/**
 * @param {[string, number][]} moments The stages and when they were reached, in milliseconds since the beginning, in order.
 * @returns {SVGElement}
 */
export function stageBar(moments) {
  const end = moments.at(-1)?.[1] || 1;
  const bar = makeSvg("svg", { class: "stage-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  let from = 0;
  moments.forEach(([, ms], index) => {
    const until = (100 * ms) / end;
    bar.append(makeSvg("rect", { class: `stage-${index}`, x: from, y: 0, width: Math.max(0.5, until - from), height: 10 }));
    from = until;
  });
  return bar;
}
