// Plays audio while it still arrives: pause, any place, any speed at the same pitch.

import { GrowingSamples } from "./growing-samples.js";
import { Stretcher } from "./stretch.js";

/** Time in hand before the first portion, so that the second one is never late. */
const LEAD_SECONDS = 0.05;
/** The shortest portion while audio arrives: each costs a node of the audio graph. */
const SHORTEST_SECONDS = 0.06;
const LONGEST_SECONDS = 1;
/** So much is handed to the sound card in advance; every portion that ends asks for more. */
const AHEAD_SECONDS = 4;

/** @type {AudioContext|null} */
let shared = null;

/**
 * The context for a rate. Browsers allow only a few, so there is one at a time.
 * @param {number} rate
 */
function contextFor(rate) {
  if (shared && shared.sampleRate === rate) return shared;
  shared?.close();
  try {
    shared = new AudioContext({ sampleRate: rate });
  } catch {
    shared = new AudioContext();
  }
  return shared;
}

/**
 * A stretch of output: when it is heard, and which part of the audio it is.
 * @typedef {{at: number, seconds: number, from: number, until: number}} Portion
 */

/** One text's audio. Build it in a click, or the browser keeps it silent. */
export class Player {
  #context;
  #rate;
  #samples = new GrowingSamples();
  #speed = 1;
  /** The next sample to hand out. */
  #cursor = 0;
  /** @type {Stretcher|null} */
  #stretcher = null;
  #nextTime = 0;
  /** @type {Portion[]} */
  #portions = [];
  /** @type {Set<AudioBufferSourceNode>} */
  #nodes = new Set();
  #isWhole = false;
  #hasSounded = false;
  /** @type {"playing"|"paused"|"ended"} */
  #state = "playing";

  /** Called once, with the milliseconds until the first sound can be heard. */
  onFirstSound = (/** @type {number} */ delayMs) => {};
  /** Called whenever it starts, pauses or ends. */
  onChange = () => {};

  /**
   * @param {number} rate
   * @param {number} speed
   */
  constructor(rate, speed) {
    this.#rate = rate;
    this.#speed = speed;
    this.#context = contextFor(rate);
    this.#context.resume();
  }

  get state() {
    return this.#state;
  }

  /** The length of the audio so far. */
  get seconds() {
    return this.#samples.length / this.#rate;
  }

  /** Where the ear is, in seconds of the audio at its own speed. */
  get position() {
    if (this.#state === "ended") return 0;
    const now = this.#context.currentTime;
    while (this.#portions.length > 1 && this.#portions[1].at <= now) this.#portions.shift();
    const [portion] = this.#portions;
    if (!portion) return this.#cursor / this.#rate;
    const part = Math.min(1, Math.max(0, (now - portion.at) / portion.seconds));
    return portion.from + part * (portion.until - portion.from);
  }

  /** @param {Float32Array} samples */
  add(samples) {
    this.#samples.add(samples);
    if (this.#state !== "ended") this.#fill();
  }

  /** Nothing more will be added. */
  complete() {
    this.#isWhole = true;
    if (this.#state === "ended") return;
    this.#fill();
    this.#endWhenSilent();
  }

  pause() {
    if (this.#state === "playing") this.#turn("paused");
    this.#context.suspend();
  }

  /** Goes on, or begins again after the end. */
  play() {
    this.#context.resume();
    if (this.#state === "ended") this.#begin(0);
    this.#turn("playing");
  }

  /** @param {number} seconds */
  seek(seconds) {
    if (this.#state === "ended") return;
    this.#begin(Math.min(Math.max(0, seconds), this.seconds));
    this.#endWhenSilent();
  }

  /** @param {number} speed */
  set speed(speed) {
    const at = this.position;
    this.#speed = speed;
    this.seek(at);
  }

  stop() {
    if (this.#state === "ended") return;
    this.#silence();
    this.#turn("ended");
  }

  /** @param {Player["state"]} state */
  #turn(state) {
    this.#state = state;
    this.onChange();
  }

  /** @param {number} seconds */
  #begin(seconds) {
    this.#silence();
    this.#cursor = Math.round(seconds * this.#rate);
    this.#stretcher = null;
    this.#fill();
  }

  #silence() {
    for (const node of this.#nodes) {
      node.onended = null;
      node.stop();
    }
    this.#nodes.clear();
    this.#portions = [];
    this.#nextTime = 0;
  }

  #fill() {
    while (this.#nextTime - this.#context.currentTime < AHEAD_SECONDS) {
      const from = this.#cursor / this.#rate;
      const output = this.#take();
      if (!output.length) return;
      this.#schedule(output, from, this.#cursor / this.#rate);
    }
  }

  /** The next output; the cursor moves behind the audio that it is made of. */
  #take() {
    const most = LONGEST_SECONDS * this.#rate;
    if (this.#speed !== 1) {
      this.#stretcher ??= new Stretcher(this.#samples, this.#rate, this.#speed, this.#cursor);
      const output = this.#stretcher.next(most, this.#isWhole);
      this.#cursor = this.#stretcher.position;
      return output;
    }
    const from = this.#cursor;
    const there = this.#samples.length - from;
    if (!this.#isWhole && there < SHORTEST_SECONDS * this.#rate) return new Float32Array(0);
    this.#cursor += Math.min(most, there);
    return this.#samples.range(from, this.#cursor);
  }

  /**
   * @param {Float32Array} output
   * @param {number} from Seconds of the audio.
   * @param {number} until
   */
  #schedule(output, from, until) {
    const now = this.#context.currentTime;
    if (this.#nextTime < now) this.#nextTime = now + LEAD_SECONDS;
    const node = this.#context.createBufferSource();
    node.buffer = this.#context.createBuffer(1, output.length, this.#rate);
    node.buffer.copyToChannel(output, 0);
    node.connect(this.#context.destination);
    node.onended = () => this.#ended(node);
    this.#nodes.add(node);
    node.start(this.#nextTime);
    if (!this.#hasSounded) {
      this.#hasSounded = true;
      this.onFirstSound((this.#nextTime - now) * 1000);
    }
    const seconds = output.length / this.#rate;
    this.#portions.push({ at: this.#nextTime, seconds, from, until });
    this.#nextTime += seconds;
  }

  /** @param {AudioBufferSourceNode} node */
  #ended(node) {
    this.#nodes.delete(node);
    this.#fill();
    this.#endWhenSilent();
  }

  #endWhenSilent() {
    if (this.#isWhole && this.#state !== "ended" && this.#nodes.size === 0) this.#turn("ended");
  }
}
