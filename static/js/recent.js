// What was spoken lately, kept in this browser only: ten at most, none very long.

const DATABASE = "voice-server";
const STORE = "spoken";
const KEPT = 10;
const MAX_BYTES = 10_000_000;

/**
 * @typedef {object} Spoken
 * @property {number} [id]
 * @property {number} time Milliseconds since 1970.
 * @property {string} text What was asked for.
 * @property {string} reply What was said.
 * @property {string} voice
 * @property {number} speed
 * @property {number} rate
 * @property {Int16Array} samples
 * @property {import("./word-times.js").SpokenWord[]} [words] When each word is heard.
 */

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<Result>} work
 * @returns {Promise<Result>}
 */
async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = work(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

/** @returns {Promise<Spoken[]>} The newest first. */
export async function recentlySpoken() {
  const all = await within("readonly", (store) => store.getAll());
  return all.reverse();
}

/** @param {Spoken} spoken */
export async function remember(spoken) {
  if (spoken.samples.byteLength > MAX_BYTES) return;
  await within("readwrite", (store) => store.add(spoken));
  for (const old of (await recentlySpoken()).slice(KEPT)) await forget(Number(old.id));
}

/** @param {number} id */
export function forget(id) {
  return within("readwrite", (store) => store.delete(id));
}

export function forgetAll() {
  return within("readwrite", (store) => store.clear());
}
