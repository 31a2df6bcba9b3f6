// Conversations of the Talk page, kept in this browser only: the latest ones, within a limit.

import { Store } from "./storage.js";

/** So many conversations stay; older ones go. */
export const KEPT_CONVERSATIONS = 50;
/** So many turns and replies stay of each; the oldest go first. */
const KEPT_LINES = 500;

/**
 * @typedef {object} KeptLine
 * @property {string} id
 * @property {"user"|"assistant"} role
 * @property {string} text What was said, or heard of a reply.
 * @property {boolean} complete Whether a reply was heard to its end.
 * @property {Record<string, number>} [stages] Where the time of a reply went, in milliseconds.
 *
 * @typedef {object} KeptConversation
 * @property {number} [id] Once it is kept in this browser.
 * @property {string} name As a person has named it, or empty.
 * @property {number} time When it began, in milliseconds since 1970.
 * @property {KeptLine[]} lines
 */

/** @type {Store<KeptConversation>} */
const store = new Store("conversations");

/** @returns {Promise<KeptConversation[]>} The newest first. */
export function keptConversations() {
  return store.all();
}

/**
 * Add it, or replace what is kept of it.
 * @param {KeptConversation} conversation One without an `id` is new.
 * @returns {Promise<number>} Its id.
 */
export async function keepConversation(conversation) {
  const id = await store.put({ ...conversation, lines: conversation.lines.slice(-KEPT_LINES) });
  if (conversation.id !== undefined) return id;
  const old = (await store.all()).slice(KEPT_CONVERSATIONS).map((each) => Number(each.id));
  if (old.length) await store.delete(...old);
  return id;
}

/** @param {...number} ids At least one. */
export function forgetConversations(...ids) {
  return store.delete(...ids);
}
