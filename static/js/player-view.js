// The player: waveform, play and pause, any place, speed, and where the ear is.

import { asClock } from "./format.js";
import { gettext, interpolate } from "./i18n.js";
import { byId, setIcon } from "./page.js";
import { Waveform } from "./waveform.js";

/** @typedef {import("./player.js").Player} Player */

const STEP_SECONDS = 0.1;

export class PlayerView {
  #waveform = new Waveform(byId("wave"));
  #toggle = byId("toggle");
  #seek = byId("seek");
  /** @type {Player|null} */
  #player = null;
  #isMoving = false;

  /** Called with the seconds that were heard, for each picture while it plays. */
  onPosition = (/** @type {number} */ seconds) => {};

  constructor() {
    this.#toggle.addEventListener("click", () => this.toggle());
    this.#seek.addEventListener("input", () => this.seek(Number(this.#seek.value)));
    byId("wave").addEventListener("click", (/** @type {MouseEvent} */ event) => {
      const { left, width } = byId("wave").getBoundingClientRect();
      this.seek(((event.clientX - left) / width) * this.#waveform.spanSeconds);
    });
    byId("playback").addEventListener("change", () => {
      if (this.#player) this.#player.speed = this.speed;
    });
  }

  get speed() {
    return Number(byId("playback").value);
  }

  /** Nothing to play yet. */
  clear() {
    this.#player = null;
    this.#waveform.reset();
    this.#showPosition(0);
    this.#showLength();
    this.refresh();
  }

  /** @param {Player} player */
  open(player) {
    this.#player = player;
    this.refresh();
  }

  /**
   * @param {Float32Array} samples
   * @param {number} rate
   */
  add(samples, rate) {
    this.#waveform.add(samples, rate);
    this.#showLength();
  }

  complete() {
    this.#waveform.complete();
    this.#showLength();
    this.refresh();
  }

  toggle() {
    if (this.#player?.state === "playing") this.#player.pause();
    else this.#player?.play();
  }

  /** @param {number} seconds */
  seek(seconds) {
    if (this.#player?.state === "ended") this.#player.play();
    this.#player?.seek(seconds);
    this.#showPosition(this.#player?.position ?? 0);
  }

  /** Show the state of the player, and follow it while it plays. */
  refresh() {
    const plays = this.#player?.state === "playing";
    this.#toggle.disabled = !this.#player;
    this.#seek.disabled = !this.#player;
    setIcon(this.#toggle, plays ? "pause" : "play");
    byId("toggle-word").textContent = plays ? gettext("Pause") : gettext("Play");
    if (this.#player?.state === "ended") this.#showPosition(0);
    if (plays && !this.#isMoving) this.#move();
  }

  #move() {
    this.#isMoving = this.#player?.state === "playing";
    if (!this.#isMoving || !this.#player) return;
    this.#showPosition(this.#player.position);
    requestAnimationFrame(() => this.#move());
  }

  /** @param {number} seconds */
  #showPosition(seconds) {
    this.#waveform.moveTo(seconds);
    this.#seek.value = String(seconds);
    const places = { position: asClock(seconds), length: asClock(this.#player?.seconds ?? 0) };
    this.#seek.setAttribute("aria-valuetext", interpolate(gettext("%(position)s of %(length)s"), places));
    byId("position").textContent = asClock(seconds);
    this.onPosition(seconds);
  }

  #showLength() {
    this.#seek.max = String(Math.max(STEP_SECONDS, this.#waveform.spanSeconds));
    byId("length").textContent = this.#player ? asClock(this.#player.seconds) : "–:––";
  }
}
