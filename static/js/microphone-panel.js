// The round button with what is going on beside it: state, level, troubles.

import { countDown, stopCounting } from "./countdown.js";
import { asClock, inMilliseconds } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { meterPart } from "./meter.js";
import { byId, setIcon, showNotice } from "./page.js";

/** @typedef {import("./page.js").Trouble} Trouble */

const STATE_WORDS = {
  idle: gettext("Press to listen"),
  opening: gettext("Opening"),
  listening: gettext("Listening"),
  finishing: gettext("Transcribing the rest"),
  waiting: gettext("Waiting for the server"),
};
const IDLE_FACTS = gettext("The text appears below as you speak.");
const QUIET_LEVEL = 0.002;
const QUIET_MS = 6_000;
const LAG_SHOWN_MS = 2_000;

export class MicrophonePanel {
  #mic = byId("mic");
  #notice = byId("notice");
  #listening = false;
  #latency = "";
  #lag = "";
  #lagAt = 0;
  #loudAt = 0;
  /** Whether somebody is speaking. */
  speaking = false;

  /**
   * @param {import("./live.js").LiveState} state
   * @param {boolean} stopped Nothing more is recorded.
   */
  showState(state, stopped) {
    const on = state !== "idle" && state !== "finishing";
    const rest = on && stopped;
    this.#listening = state === "listening";
    this.#mic.setAttribute("aria-pressed", String(on));
    this.#mic.setAttribute("aria-label", rest ? gettext("Discard") : on ? gettext("Stop listening") : gettext("Start listening"));
    this.#mic.disabled = state === "finishing";
    setIcon(this.#mic, on ? "stop" : "listen");
    byId("state-words").textContent = rest ? gettext("Waiting to send the rest") : STATE_WORDS[state];
    if (this.#listening) this.#loudAt = performance.now();
    if (rest) this.#fact(gettext("Press the button to discard it."));
    else if (state === "waiting") this.#fact(gettext("What you say now is sent when it is back."));
    if (state === "idle") this.#fact(IDLE_FACTS);
  }

  /** A new take begins. */
  reset() {
    this.#latency = "";
    this.#lagAt = -LAG_SHOWN_MS;
    this.speaking = false;
    this.fold(true);
  }

  /**
   * Only the button and its state stay, above the text.
   * @param {boolean} folded
   */
  fold(folded) {
    byId("listen").toggleAttribute("data-folded", folded);
    byId("unfold").setAttribute("aria-expanded", String(!folded));
  }

  /**
   * @param {number} level Root mean square, 0 to 1.
   * @param {number} seconds What was recorded so far.
   */
  showLevel(level, seconds) {
    byId("listen-top").style.setProperty("--level", meterPart(level).toFixed(3));
    if (!this.#listening) return;
    if (level > QUIET_LEVEL) this.#loudAt = performance.now();
    const silent = performance.now() - this.#loudAt > QUIET_MS;
    this.#fact(silent ? gettext("No sound. Is this the right microphone?") : this.#liveFacts(seconds));
  }

  /** @param {number} milliseconds From the end of the speech to its final text. */
  showLatency(milliseconds) {
    this.#latency = interpolate(gettext("final after %(time)s"), { time: inMilliseconds(milliseconds) });
  }

  /** @param {number} milliseconds So late is the server. */
  showLag(milliseconds) {
    this.#lag = interpolate(gettext("the server is %(time)s late"), { time: inMilliseconds(milliseconds) });
    this.#lagAt = performance.now();
  }

  /** @param {Trouble|null} trouble */
  showTrouble(trouble) {
    stopCounting(this.#notice);
    showNotice(this.#notice, trouble);
  }

  /**
   * Only the seconds change, so that the button keeps the focus and nothing is read out twice.
   * @param {Trouble} trouble
   * @param {number} seconds
   * @param {() => void} connectNow
   * @param {() => void} stop
   */
  showCountdown(trouble, seconds, connectNow, stop) {
    countDown(this.#notice, trouble, seconds, connectNow, stop);
  }

  /** @param {number} seconds */
  #liveFacts(seconds) {
    const late = performance.now() - this.#lagAt < LAG_SHOWN_MS;
    const facts = [asClock(seconds), this.speaking ? gettext("speech detected") : "", late ? this.#lag : this.#latency];
    return facts.filter(Boolean).join(", ");
  }

  /** @param {string} words */
  #fact(words) {
    const facts = byId("facts");
    if (facts.textContent !== words) facts.textContent = words;
  }
}
