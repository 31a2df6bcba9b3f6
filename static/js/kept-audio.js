// What was recorded and is not written down yet, so that a lost connection loses nothing.

const RATE_HZ = 16_000;
const SAMPLE_BYTES = 2;
/** So much is kept while the server is away; what is older goes. */
const MOST_SECONDS = 120;

export class KeptAudio {
  /** @type {ArrayBuffer[]} */
  #portions = [];
  #firstSample = 0;
  #samples = 0;

  /** Where in the recording the audio that is kept begins. */
  get startSeconds() {
    return this.#firstSample / RATE_HZ;
  }

  /** The server knows nothing of it yet: what is kept is the beginning. */
  startAnew() {
    this.#firstSample = 0;
  }

  /** @param {ArrayBuffer} pcm 16-bit samples at 16 kHz. */
  add(pcm) {
    this.#portions.push(pcm);
    this.#samples += pcm.byteLength / SAMPLE_BYTES;
    while (this.#samples > MOST_SECONDS * RATE_HZ) this.#forgetFirst();
  }

  /**
   * Everything before is written down.
   * @param {number} seconds
   */
  settle(seconds) {
    const settled = Math.floor(seconds * RATE_HZ);
    while (this.#portions.length && this.#firstSample + this.#portions[0].byteLength / SAMPLE_BYTES <= settled) {
      this.#forgetFirst();
    }
    const part = settled - this.#firstSample;
    if (part > 0 && this.#portions.length) {
      this.#portions[0] = this.#portions[0].slice(part * SAMPLE_BYTES);
      this.#firstSample += part;
      this.#samples -= part;
    }
  }

  /** @returns {readonly ArrayBuffer[]} */
  get portions() {
    return this.#portions;
  }

  #forgetFirst() {
    const gone = /** @type {ArrayBuffer} */ (this.#portions.shift());
    this.#firstSample += gone.byteLength / SAMPLE_BYTES;
    this.#samples -= gone.byteLength / SAMPLE_BYTES;
  }
}
