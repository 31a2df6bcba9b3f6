// A notice that counts the seconds to the next try, and lets one stop it.

import { gettext, interpolate } from "./i18n.js";
import { make, showNotice } from "./page.js";

/**
 * Only the seconds change, so that the button keeps the focus and nothing is read out twice.
 * @param {HTMLElement} place
 * @param {import("./page.js").Trouble} trouble
 * @param {number} seconds
 * @param {() => void} connectNow
 * @param {() => void} [stop] Try no more. Without it there is no button for that.
 */
export function countDown(place, trouble, seconds, connectNow, stop) {
  if (place.dataset.counting !== trouble.title) {
    const left = make("span", "countdown");
    left.setAttribute("aria-live", "off");
    const now = make("button", "button compact", gettext("Try now"));
    now.addEventListener("click", connectNow);
    const actions = [left, now];
    if (stop) {
      const end = make("button", "button compact", gettext("Stop trying"));
      end.addEventListener("click", stop);
      actions.push(end);
    }
    showNotice(place, { ...trouble, tone: "wait" }, ...actions);
    place.dataset.counting = trouble.title;
  }
  const left = place.querySelector(".countdown");
  if (!left) return;
  left.textContent = seconds > 0 ? interpolate(gettext("Trying again in %(seconds)s s."), { seconds }) : gettext("Trying again now.");
}

/** @param {HTMLElement} place Where another notice comes, or none. */
export function stopCounting(place) {
  delete place.dataset.counting;
}
