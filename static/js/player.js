// Plays audio while it still arrives: each portion is scheduled right after the one before.

/** Time in hand before the first portion, so that the second one is never late. */
const LEAD_SECONDS = 0.05;
/** Portions are joined up to this length, because each costs a node of the audio graph. */
const PORTION_SECONDS = 0.06;

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
 * One stretch of speech. Build it in a click, or the browser keeps it silent.
 */
export class Player {
  #context;
  #rate;
  /** @type {Float32Array[]} */
  #waiting = [];
  #waitingSamples = 0;
  #nextTime = 0;
  #scheduledSeconds = 0;
  /** @type {{at: number, offset: number, seconds: number}[]} */
  #portions = [];
  /** @type {Set<AudioBufferSourceNode>} */
  #nodes = new Set();
  #complete = false;
  #stopped = false;

  /** Called once, with the milliseconds until the first sound can be heard. */
  onFirstSound = (/** @type {number} */ delayMs) => {};
  /** Called once when all of it was played, or it was stopped. */
  onEnd = () => {};

  /** @param {number} rate */
  constructor(rate) {
    this.#rate = rate;
    this.#context = contextFor(rate);
    this.#context.resume();
  }

  /** Seconds that were heard so far. */
  get position() {
    const now = this.#context.currentTime;
    let heard = 0;
    for (const portion of this.#portions) {
      if (portion.at > now) break;
      heard = portion.offset + Math.min(now - portion.at, portion.seconds);
    }
    return heard;
  }

  /** @param {Float32Array} samples */
  add(samples) {
    if (this.#stopped || !samples.length) return;
    this.#waiting.push(samples);
    this.#waitingSamples += samples.length;
    if (this.#waitingSamples >= PORTION_SECONDS * this.#rate) this.#schedule();
  }

  /** Nothing more will be added. */
  complete() {
    this.#schedule();
    this.#complete = true;
    this.#endWhenSilent();
  }

  stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const node of this.#nodes) {
      node.onended = null;
      node.stop();
    }
    this.#nodes.clear();
    this.onEnd();
  }

  #schedule() {
    if (!this.#waitingSamples || this.#stopped) return;
    const buffer = this.#context.createBuffer(1, this.#waitingSamples, this.#rate);
    let place = 0;
    for (const samples of this.#waiting) {
      buffer.copyToChannel(samples, 0, place);
      place += samples.length;
    }
    this.#waiting = [];
    this.#waitingSamples = 0;
    this.#play(buffer);
  }

  /** @param {AudioBuffer} buffer */
  #play(buffer) {
    const now = this.#context.currentTime;
    if (this.#nextTime < now) this.#nextTime = now + LEAD_SECONDS;
    const node = this.#context.createBufferSource();
    node.buffer = buffer;
    node.connect(this.#context.destination);
    node.onended = () => {
      this.#nodes.delete(node);
      this.#endWhenSilent();
    };
    this.#nodes.add(node);
    node.start(this.#nextTime);
    if (!this.#portions.length) this.onFirstSound((this.#nextTime - now) * 1000);
    this.#portions.push({ at: this.#nextTime, offset: this.#scheduledSeconds, seconds: buffer.duration });
    this.#scheduledSeconds += buffer.duration;
    this.#nextTime += buffer.duration;
  }

  #endWhenSilent() {
    if (this.#complete && !this.#stopped && this.#nodes.size === 0) {
      this.#stopped = true;
      this.onEnd();
    }
  }
}
