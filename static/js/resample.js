// Changes the rate of a stream of samples with a windowed-sinc low-pass filter.

/** Zero crossings of the filter on each side, at the lower of the two rates. */
const CROSSINGS = 16;
/** The filter is tabulated so finely between two input samples. */
const STEPS = 64;
/** The band that passes, as a part of the lower Nyquist frequency. */
const PASS = 0.92;

/** One channel, from one rate to another; keeps what it needs between portions. */
export class Resampler {
  #step;
  #half;
  #table;
  /** @type {Float32Array} */
  #held;
  /** Where the next output sample lies, in input samples from the start of `#held`. */
  #place;

  /**
   * @param {number} from Hz
   * @param {number} to Hz
   */
  constructor(from, to) {
    this.#step = from / to;
    const cutoff = PASS * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS * Math.max(1, from / to));
    this.#table = filterTable(this.#half, cutoff);
    this.#held = new Float32Array(this.#half);
    this.#place = this.#half;
  }

  /**
   * @param {Float32Array} input
   * @returns {Float32Array}
   */
  push(input) {
    const all = new Float32Array(this.#held.length + input.length);
    all.set(this.#held);
    all.set(input, this.#held.length);
    const output = [];
    while (this.#place + this.#half < all.length) {
      output.push(this.#at(all, this.#place));
      this.#place += this.#step;
    }
    const used = Math.max(0, Math.floor(this.#place) - this.#half);
    this.#held = all.slice(used);
    this.#place -= used;
    return Float32Array.from(output);
  }

  /**
   * @param {Float32Array} samples
   * @param {number} place
   */
  #at(samples, place) {
    const first = Math.floor(place);
    const phase = Math.round((place - first) * STEPS);
    let sum = 0;
    for (let tap = 1 - this.#half; tap <= this.#half; tap += 1) {
      sum += samples[first + tap] * this.#table[(this.#half + tap) * STEPS - phase];
    }
    return sum;
  }
}

/**
 * The filter's values, Hann-windowed, from -half to +half input samples.
 * @param {number} half
 * @param {number} cutoff
 */
function filterTable(half, cutoff) {
  const table = new Float32Array(2 * half * STEPS + 1);
  for (let index = 0; index < table.length; index += 1) {
    const distance = index / STEPS - half;
    const angle = Math.PI * cutoff * distance;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    table[index] = cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / half));
  }
  return table;
}
