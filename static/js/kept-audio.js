// Recorded audio in memory: what the server has not transcribed yet, or a whole take.

const RATE_HZ = 16_000;
const SAMPLE_BYTES = 2;

export class KeptAudio {
  #mostSamples;
  /** @type {ArrayBuffer[]} */
  #portions = [];
  #firstSample = 0;
  #samples = 0;

  /** @param {number} mostSeconds How much is kept; older audio is dropped. */
  constructor(mostSeconds) {
    this.#mostSamples = mostSeconds * RATE_HZ;
  }

  /** Where in the recording the audio that is kept begins. */
  get startSeconds() {
    return this.#firstSample / RATE_HZ;
  }

  /** Where it ends. */
  get endSeconds() {
    return (this.#firstSample + this.#samples) / RATE_HZ;
  }

  /** Count from the audio that is kept: the server knows nothing of earlier audio. */
  startAnew() {
    this.#firstSample = 0;
  }

  /** @param {ArrayBuffer} pcm 16-bit samples at 16 kHz. */
  add(pcm) {
    this.#portions.push(pcm);
    this.#samples += pcm.byteLength / SAMPLE_BYTES;
    while (this.#samples > this.#mostSamples) this.#forgetFirst();
  }

  /**
   * Everything before is not needed any more.
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
