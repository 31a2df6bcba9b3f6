// Plays speech faster or slower at the same pitch: WSOLA (Verhelst and Roelands, 1993).

/** The distance of two windows in the output; each window is twice as long. */
const HOP_SECONDS = 0.02;
/** How far a window may move to continue the one before it smoothly. */
const SEARCH_SECONDS = 0.01;
/** The comparison of two windows skips samples, which is close enough. */
const COMPARED_STEP = 4;

/** @typedef {import("./growing-samples.js").GrowingSamples} GrowingSamples */

export class Stretcher {
  #source;
  #speed;
  #hop;
  #search;
  #window;
  /** Where the next window is due in the source. */
  #due;
  /** Where the window before would continue; none before the first one. @type {number|null} */
  #continuation = null;
  /** The fading half of the window before. */
  #tail;

  /**
   * @param {GrowingSamples} source
   * @param {number} rateHz
   * @param {number} speed 2 is twice as fast.
   * @param {number} from The first sample to play.
   */
  constructor(source, rateHz, speed, from) {
    this.#source = source;
    this.#speed = speed;
    this.#hop = Math.round(rateHz * HOP_SECONDS);
    this.#search = Math.round(rateHz * SEARCH_SECONDS);
    this.#due = from;
    this.#tail = new Float32Array(this.#hop);
    this.#window = Float32Array.from({ length: this.#hop * 2 }, (_, index) =>
      Math.sin((Math.PI * (index + 0.5)) / (this.#hop * 2)) ** 2,
    );
  }

  /** The place in the source that comes next. */
  get position() {
    return Math.min(Math.round(this.#due), this.#source.length);
  }

  /**
   * The next output, at most as much as is given; empty when it needs more of the source.
   * @param {number} mostSamples
   * @param {boolean} isWhole Whether the source will not grow any more.
   */
  next(mostSamples, isWhole) {
    const hops = [];
    while ((hops.length + 1) * this.#hop <= mostSamples && this.#hasNext(isWhole)) hops.push(this.#step());
    const output = new Float32Array(hops.length * this.#hop);
    hops.forEach((hop, index) => output.set(hop, index * this.#hop));
    return output;
  }

  /** @param {boolean} isWhole */
  #hasNext(isWhole) {
    const needed = isWhole ? 1 : this.#search + this.#hop * 2;
    return Math.round(this.#due) + needed <= this.#source.length;
  }

  #step() {
    const begin = this.#continuation === null ? Math.round(this.#due) : this.#smoothest(this.#continuation);
    const part = this.#source.range(begin, begin + this.#hop * 2);
    const output = this.#tail.map((faded, index) => faded + part[index] * this.#window[index]);
    // Nothing fades out before the first window.
    if (this.#continuation === null) output.set(part.subarray(0, this.#hop));
    this.#tail = part.subarray(this.#hop).map((sample, index) => sample * this.#window[this.#hop + index]);
    this.#continuation = begin + this.#hop;
    this.#due += this.#hop * this.#speed;
    return output;
  }

  /**
   * The begin near the due one that looks most like what would have come next.
   * @param {number} continuation
   */
  #smoothest(continuation) {
    const due = Math.round(this.#due);
    const wanted = this.#source.range(continuation, continuation + this.#hop);
    const around = this.#source.range(due - this.#search, due + this.#search + this.#hop);
    let best = this.#search;
    let bestLikeness = -Infinity;
    for (let shift = 0; shift <= this.#search * 2; shift += 1) {
      const likeness = likenessAt(wanted, around, shift);
      if (likeness > bestLikeness) [best, bestLikeness] = [shift, likeness];
    }
    return due - this.#search + best;
  }
}

/**
 * The normalised correlation of the wanted samples with those at a place.
 * @param {Float32Array} wanted
 * @param {Float32Array} around
 * @param {number} shift
 */
function likenessAt(wanted, around, shift) {
  let product = 0;
  let energy = 1e-9;
  for (let index = 0; index < wanted.length; index += COMPARED_STEP) {
    const sample = around[shift + index];
    product += wanted[index] * sample;
    energy += sample * sample;
  }
  return product / Math.sqrt(energy);
}
