// What was spoken lately, kept in this browser only: ten at most, none very long.

import { Store } from "./storage.js";

const KEPT = 10;
const MAX_BYTES = 10_000_000;

/**
 * @typedef {object} Spoken
 * @property {number} [id]
 * @property {number} time Milliseconds since 1970.
 * @property {string} text What was asked for.
 * @property {string} reply What was said.
 * @property {string} [voice]
 * @property {string} [speaker]
 * @property {number} speed
 * @property {number} rate
 * @property {Int16Array} samples
 * @property {import("./word-times.js").SpokenWord[]} [words] When each word is heard.
 */

/** @type {Store<Spoken>} */
const store = new Store("spoken");

/** @returns {Promise<Spoken[]>} The newest first. */
export function recentlySpoken() {
  return store.all();
}

/** @param {Spoken} spoken */
export async function remember(spoken) {
  if (spoken.samples.byteLength > MAX_BYTES) return;
  await store.put(spoken);
  for (const old of (await recentlySpoken()).slice(KEPT)) await forget(Number(old.id));
}

/** @param {number} id */
export function forget(id) {
  return store.delete(id);
}

export function forgetAll() {
  return store.clear();
}
