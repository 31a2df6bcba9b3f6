// The round button with who has the turn beside it: in words, in shape, and how loud it is.

import { countDown, stopCounting } from "./countdown.js";
import { gettext } from "./i18n.js";
import { meterPart } from "./meter.js";
import { byId, icon, setIcon, showNotice } from "./page.js";

/** @typedef {import("./page.js").Trouble} Trouble */

/** A phone has no Escape. */
const HAS_KEYS = matchMedia("(hover: hover)").matches;
const OFF = { words: gettext("Press to talk"), facts: gettext("Or write below. Headphones work best."), icon: "talk" };
const WORDS = {
  opening: { words: gettext("Connecting"), facts: gettext("The models are being made ready."), icon: "wait" },
  waiting: { words: gettext("Waiting for the server"), facts: gettext("What you say now is sent when it is back."), icon: "wait" },
  unsent: { words: gettext("Waiting for the server"), facts: gettext("What you wrote is sent when it is back."), icon: "wait" },
  listening: { words: gettext("Listening"), facts: gettext("Speak whenever you like."), icon: "listen" },
  hearing: { words: gettext("You are speaking"), facts: gettext("A pause ends your turn."), icon: "user" },
  thinking: { words: gettext("Thinking"), facts: gettext("The reply is being made."), icon: "more" },
  speaking: { words: gettext("Speaking"), facts: HAS_KEYS ? gettext("Speak or press Escape to interrupt.") : gettext("Speak to interrupt."), icon: "speak" },
  unheard: { words: gettext("Speaking"), facts: HAS_KEYS ? gettext("Press Escape to interrupt.") : gettext("Stop it with the button."), icon: "speak" },
  paused: { words: gettext("Paused"), facts: gettext("It goes on if you say nothing more."), icon: "pause" },
};
const QUIET_LEVEL = 0.002;
const QUIET_MS = 6_000;
const WRITING = { words: gettext("Ready"), facts: gettext("The microphone is off. Press the button to talk, or write below."), icon: "talk" };

export class TalkPanel {
  #button = byId("talk");
  #notice = byId("notice");
  #shown = "";
  #connected = "";
  #state = "off";
  #loudAt = 0;

  /**
   * @param {import("./talk-session.js").Phase} phase
   * @param {import("./conversation.js").Turn} turn
   * @param {boolean} hears Whether the microphone is open.
   * @param {boolean} isHalfDuplex Whether the user is not heard during a reply.
   */
  show(phase, turn, hears, isHalfDuplex) {
    const state = phase === "on" ? turn : phase;
    const isUnheard = state === "speaking" && (!hears || isHalfDuplex);
    const key = `${state} ${hears} ${isUnheard}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const isSilent = state === "listening" && !hears;
    this.#state = isSilent ? "writing" : state;
    this.#loudAt = performance.now();
    const unsent = state === "waiting" && !hears ? "unsent" : state;
    const shown = isUnheard ? "unheard" : unsent;
    const { words, facts, icon: name } = state === "off" ? OFF : isSilent ? WRITING : WORDS[shown];
    byId("talk-now").dataset.turn = isSilent ? "off" : state;
    // Not announced: a screen reader would talk into the conversation.
    const connected = `${phase} ${hears}`;
    byId("turn-words").setAttribute("aria-live", connected === this.#connected ? "off" : "polite");
    this.#connected = connected;
    byId("turn-words").textContent = words;
    byId("turn-facts").textContent = facts;
    byId("turn-shape").replaceChildren(icon(name));
    const on = hears || phase === "opening" || phase === "waiting";
    this.#button.setAttribute("aria-pressed", String(on));
    this.#button.setAttribute("aria-label", on ? gettext("End the conversation") : gettext("Start talking"));
    setIcon(this.#button, on ? "stop" : "listen");
  }

  /** @param {number} level Root mean square, 0 to 1. */
  showLevel(level) {
    byId("talk-now").style.setProperty("--level", meterPart(level).toFixed(3));
    if (level > QUIET_LEVEL) this.#loudAt = performance.now();
    if (this.#state !== "listening") return;
    const isQuiet = performance.now() - this.#loudAt > QUIET_MS;
    const words = isQuiet ? gettext("No sound. Is this the right microphone?") : WORDS.listening.facts;
    if (byId("turn-facts").textContent !== words) byId("turn-facts").textContent = words;
  }

  /** @param {Trouble|null} trouble */
  showTrouble(trouble) {
    stopCounting(this.#notice);
    showNotice(this.#notice, trouble);
  }

  /**
   * @param {Trouble} trouble
   * @param {number} seconds
   * @param {() => void} connectNow
   * @param {() => void} stop
   */
  showCountdown(trouble, seconds, connectNow, stop) {
    countDown(this.#notice, trouble, seconds, connectNow, stop);
  }
}
