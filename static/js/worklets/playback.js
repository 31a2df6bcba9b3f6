// Runs in the audio thread: plays a reply from a ring buffer, and knows its place in it.

import { Resampler } from "../resample.js";

const CAPACITY_SECONDS = 60;
/** So much is there before it begins, or goes on after a gap: the network is not even. */
const LEAD_SECONDS = 0.06;
/** A volume that changes at once would click. */
const FADE_SECONDS = 0.005;
const REPORT_SECONDS = 0.05;
/** While somebody may be about to interrupt: -12 dB. */
const SOFT = 0.25;
/** So long after a sound; if it was speech, a pause has come by then. */
const SOFT_SECONDS = 0.6;
const FULL_SCALE = 32_768;

/** @typedef {{number: number, start: number, end: number, heard?: number}} Reply */

class Playback extends AudioWorkletProcessor {
  #ring = new Float32Array(Math.ceil(CAPACITY_SECONDS * sampleRate));
  #read = 0;
  #written = 0;
  /** Audio before this place is skipped once it has faded out. */
  #skip = 0;
  #paused = false;
  #softUntil = 0;
  /** Waits for its lead. */
  #dry = true;
  #volume = 0;
  #reportAt = 0;
  /** @type {Resampler|null} */
  #resampler = null;
  #rate = 0;
  /** The replies in the buffer, with the place where each begins. @type {Reply[]} */
  #replies = [];

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#told(data);
  }

  /** @param {any} message */
  #told(message) {
    if (message.type === "audio") this.#add(message);
    if (message.type === "complete") this.#complete(message.number);
    if (message.type === "flush") this.#flush();
    if (message.type === "pause") this.#pause(message.paused);
    if (message.type === "soften") this.#softUntil = currentTime + SOFT_SECONDS;
  }

  /** @param {{number: number, rate: number, samples: Int16Array}} portion */
  #add({ number, rate, samples }) {
    let reply = this.#replies.at(-1);
    if (reply?.number !== number) {
      reply = { number, start: this.#written, end: Infinity };
      this.#replies.push(reply);
    }
    if (rate !== this.#rate) this.#resampler = new Resampler(rate, sampleRate);
    this.#rate = rate;
    const input = Float32Array.from(samples, (sample) => sample / FULL_SCALE);
    for (const sample of this.#resampler?.push(input) ?? []) this.#put(sample);
  }

  /** @param {number} sample */
  #put(sample) {
    if (this.#written - this.#read >= this.#ring.length) return;
    this.#ring[this.#written % this.#ring.length] = sample;
    this.#written += 1;
  }

  /** @param {number} number Of a reply of which there is no more. */
  #complete(number) {
    const reply = this.#replies.find((each) => each.number === number);
    if (reply) reply.end = this.#written;
    else this.port.postMessage({ type: "ended", number });
  }

  /** @param {boolean} paused */
  #pause(paused) {
    this.#paused = paused;
    if (!paused) this.#softUntil = 0;
  }

  /** Forget what was not played. */
  #flush() {
    this.#skip = this.#written;
    for (const reply of this.#replies) {
      reply.heard ??= this.#read;
      reply.end = Math.min(reply.end, this.#written);
    }
    this.#pause(false);
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const output = outputs[0][0];
    for (let index = 0; index < output.length; index += 1) output[index] = this.#next();
    this.#tell();
    return true;
  }

  #next() {
    const skips = this.#read < this.#skip;
    const sounds = !this.#paused && !skips && this.#hasLead();
    const step = 1 / (FADE_SECONDS * sampleRate);
    const loud = currentTime < this.#softUntil ? SOFT : 1;
    const change = (sounds ? loud : 0) - this.#volume;
    this.#volume += Math.max(-step, Math.min(step, change));
    if (skips && this.#volume === 0) this.#read = this.#skip;
    if (this.#read >= this.#written || (!sounds && this.#volume === 0)) return 0;
    const sample = this.#ring[this.#read % this.#ring.length] * this.#volume;
    this.#read += 1;
    return sample;
  }

  #hasLead() {
    const left = this.#written - this.#read;
    const isWhole = this.#replies.at(-1)?.end === this.#written;
    if (left === 0) this.#dry = true;
    else if (isWhole || left >= LEAD_SECONDS * sampleRate) this.#dry = false;
    return !this.#dry;
  }

  #tell() {
    const [reply] = this.#replies;
    if (!reply) return;
    if (this.#read >= reply.end) {
      this.#report(reply);
      this.#replies.shift();
      this.port.postMessage({ type: "ended", number: reply.number });
    } else if (currentTime >= this.#reportAt && this.#read > reply.start) {
      this.#report(reply);
    }
  }

  /** @param {Reply} reply */
  #report({ number, start, end, heard = this.#read }) {
    this.#reportAt = currentTime + REPORT_SECONDS;
    const samples = Math.min(heard, end) - start;
    this.port.postMessage({ type: "played", number, ms: Math.max(0, (samples * 1000) / sampleRate) });
  }
}

registerProcessor("playback", Playback);
