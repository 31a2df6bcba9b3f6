// Runs in the audio thread: microphone samples in, 16 kHz PCM16 and the level out.

import { Resampler } from "../resample.js";

const RATE_HZ = 16_000;
const PORTION_SAMPLES = 640; // 40 ms
const FULL_SCALE = 32_767;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE_HZ);
  #portion = new Int16Array(PORTION_SAMPLES);
  #filled = 0;
  #energy = 0;

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channel = inputs[0]?.[0];
    if (channel) for (const sample of this.#resampler.push(channel)) this.#take(sample);
    return true;
  }

  /** @param {number} sample */
  #take(sample) {
    const limited = Math.max(-1, Math.min(1, sample));
    this.#portion[this.#filled] = Math.round(limited * FULL_SCALE);
    this.#filled += 1;
    this.#energy += limited * limited;
    if (this.#filled === PORTION_SAMPLES) this.#send();
  }

  #send() {
    const level = Math.sqrt(this.#energy / PORTION_SAMPLES);
    const pcm = this.#portion.buffer;
    this.port.postMessage({ pcm, level }, [pcm]);
    this.#portion = new Int16Array(PORTION_SAMPLES);
    this.#filled = 0;
    this.#energy = 0;
  }
}

registerProcessor("capture", Capture);
