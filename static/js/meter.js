// How far a meter is filled.

/** A meter shows from -60 dB to -6 dB. */
const LEAST_DB = -60;
const SPAN_DB = 54;

/**
 * @param {number} level Root mean square, 0 to 1.
 * @returns {number} 0 to 1.
 */
export function meterPart(level) {
  const decibels = level > 0 ? 20 * Math.log10(level) : LEAST_DB;
  return Math.max(0, Math.min(1, (decibels - LEAST_DB) / SPAN_DB));
}
