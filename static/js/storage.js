// What this browser keeps for the pages: one database, a store for each kind.

const DATABASE = "voice-server";
/** Raise it with every new name in STORES. */
const VERSION = 3;
const STORES = ["spoken", "transcripts", "transcript-audio", "conversations"];

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => addMissing(request.result);
    request.onsuccess = () => {
      // Another tab may have a newer version of the pages.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBDatabase} database */
function addMissing(database) {
  for (const name of STORES) {
    if (database.objectStoreNames.contains(name)) continue;
    database.createObjectStore(name, { keyPath: "id", autoIncrement: true });
  }
}

/**
 * Records with a number as `id`, which a new one gets when it is put. Each method rejects where
 * the browser does not let the page keep anything, or has no room.
 * @template {{id?: number}} Kept
 */
export class Store {
  #name;

  /** @param {"spoken"|"transcripts"|"transcript-audio"|"conversations"} name */
  constructor(name) {
    this.#name = name;
  }

  /** @returns {Promise<Kept[]>} The newest first. */
  async all() {
    const kept = await this.#within("readonly", (store) => store.getAll());
    return kept.reverse();
  }

  /**
   * @param {number} id
   * @returns {Promise<Kept|undefined>}
   */
  get(id) {
    return this.#within("readonly", (store) => store.get(id));
  }

  /**
   * Add it, or replace the one with its `id`.
   * @param {Kept} kept
   * @returns {Promise<number>} Its id.
   */
  async put(kept) {
    return Number(await this.#within("readwrite", (store) => store.put(kept)));
  }

  /**
   * All of them, or none.
   * @param {...number} ids At least one.
   */
  async delete(...ids) {
    await this.#within("readwrite", (store) => ids.map((id) => store.delete(id))[0]);
  }

  async clear() {
    await this.#within("readwrite", (store) => store.clear());
  }

  /**
   * @template Result
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<Result>} work
   * @returns {Promise<Result>} Once it is on the disk.
   */
  async #within(mode, work) {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(this.#name, mode);
        const request = work(transaction.objectStore(this.#name));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error ?? request.error);
      });
    } finally {
      database.close();
    }
  }
}
