// Audio that grows while it arrives, readable at any place.

const FIRST_SAMPLES = 1 << 17;

export class GrowingSamples {
  #samples = new Float32Array(FIRST_SAMPLES);
  #length = 0;

  get length() {
    return this.#length;
  }

  /** @param {Float32Array} more */
  add(more) {
    const needed = this.#length + more.length;
    if (needed > this.#samples.length) {
      const larger = new Float32Array(Math.max(needed, this.#samples.length * 2));
      larger.set(this.#samples.subarray(0, this.#length));
      this.#samples = larger;
    }
    this.#samples.set(more, this.#length);
    this.#length = needed;
  }

  /**
   * The samples of a range; what is outside of the audio is silence.
   * @param {number} from
   * @param {number} until
   */
  range(from, until) {
    if (from >= 0 && until <= this.#length) return this.#samples.subarray(from, until);
    const padded = new Float32Array(Math.max(0, until - from));
    const begin = Math.max(0, from);
    const end = Math.min(this.#length, until);
    if (end > begin) padded.set(this.#samples.subarray(begin, end), begin - from);
    return padded;
  }
}
