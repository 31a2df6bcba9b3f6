// 16-bit audio: joining, converting, wrapping into a WAV file.

const FULL_SCALE = 32_768;

/** Turns bytes that arrive in any portions into samples. */
export class PcmReader {
  #odd = new Uint8Array(0);

  /**
   * The whole samples so far; half a sample waits for its other half.
   * @param {Uint8Array} bytes
   * @returns {Int16Array}
   */
  read(bytes) {
    const joined = new Uint8Array(this.#odd.length + bytes.length);
    joined.set(this.#odd);
    joined.set(bytes, this.#odd.length);
    const whole = joined.length - (joined.length % 2);
    this.#odd = joined.slice(whole);
    return new Int16Array(joined.buffer, 0, whole / 2);
  }
}

/**
 * @param {Int16Array} samples
 * @returns {Float32Array}
 */
export function toFloat(samples) {
  return Float32Array.from(samples, (sample) => sample / FULL_SCALE);
}

/**
 * @param {Float32Array} samples
 * @returns {Int16Array}
 */
export function toPcm16(samples) {
  const limit = FULL_SCALE - 1;
  return Int16Array.from(samples, (sample) =>
    Math.round(Math.max(-1, Math.min(1, sample)) * limit),
  );
}

/**
 * @param {Int16Array[]} portions
 * @returns {Int16Array}
 */
export function joined(portions) {
  const all = new Int16Array(portions.reduce((sum, portion) => sum + portion.length, 0));
  let place = 0;
  for (const portion of portions) {
    all.set(portion, place);
    place += portion.length;
  }
  return all;
}

/**
 * A WAV file with one channel.
 * @param {Int16Array} samples
 * @param {number} rate
 * @returns {Blob}
 */
export function wavFile(samples, rate) {
  return wavOfPortions([samples], rate);
}

/**
 * The same from portions, without joining them in memory.
 * @param {readonly (Int16Array|ArrayBuffer)[]} portions
 * @param {number} rate
 * @returns {Blob}
 */
export function wavOfPortions(portions, rate) {
  const bytes = portions.reduce((sum, portion) => sum + portion.byteLength, 0);
  const header = new DataView(new ArrayBuffer(44));
  const words = (place, text) =>
    [...text].forEach((letter, index) => header.setUint8(place + index, letter.charCodeAt(0)));
  words(0, "RIFF");
  header.setUint32(4, 36 + bytes, true);
  words(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, rate * 2, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  words(36, "data");
  header.setUint32(40, bytes, true);
  return new Blob([header, ...portions], { type: "audio/wav" });
}
