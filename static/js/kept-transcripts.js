// Transcripts and their audio, kept in this browser only: the latest ones, within a limit.

import { Store } from "./storage.js";

/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {{id: number, audio: Blob}} KeptSound */

/** So many transcripts stay; older ones go. */
export const KEPT_TRANSCRIPTS = 50;
/** How much of their audio is kept; the oldest is dropped first. */
export const KEPT_AUDIO_MB = 200;
export const KEPT_AUDIO_BYTES = KEPT_AUDIO_MB * 1_000_000;

/** @type {Store<Recording>} */
const transcripts = new Store("transcripts");
/** @type {Store<KeptSound>} */
const sounds = new Store("transcript-audio");

/** @returns {Promise<Recording[]>} The newest first. */
export async function keptTranscripts() {
  const kept = await transcripts.all();
  await forgetLostAudio(new Set(kept.map((each) => Number(each.id))));
  return kept;
}

/**
 * Audio is left alone where the page was closed while its transcript was removed.
 * @param {Set<number>} ids Of the transcripts.
 */
async function forgetLostAudio(ids) {
  const lost = (await sounds.all()).map((each) => each.id).filter((id) => !ids.has(id));
  if (lost.length) await sounds.delete(...lost);
}

/**
 * Add it, or replace what is kept of it.
 * @param {Recording} recording One without an `id` is new.
 * @returns {Promise<number>} Its id.
 */
export async function keepTranscript(recording) {
  const id = await transcripts.put(recording);
  if (recording.id !== undefined) return id;
  const old = (await transcripts.all()).slice(KEPT_TRANSCRIPTS).map((each) => Number(each.id));
  if (old.length) {
    await forgetTranscripts(...old);
    await sounds.delete(...old);
  }
  return id;
}

/**
 * Keep the audio of a transcript, at the cost of that of older ones.
 * @param {number} id
 * @param {Blob} audio At most KEPT_AUDIO_BYTES.
 */
export async function keepAudio(id, audio) {
  for (const old of beyond(await sounds.all(), KEPT_AUDIO_BYTES - audio.size, id)) await sounds.delete(old);
  await sounds.put({ id, audio });
}

/**
 * @param {number} id
 * @returns {Promise<Blob|undefined>}
 */
export async function audioOf(id) {
  return (await sounds.get(id))?.audio;
}

/**
 * The audio beside them stays until it is forgotten, too.
 * @param {...number} ids At least one.
 */
export async function forgetTranscripts(...ids) {
  await transcripts.delete(...ids);
}

/**
 * @param {number} id
 * @returns {Promise<Blob|undefined>} What was kept.
 */
export async function forgetAudio(id) {
  const audio = await audioOf(id);
  await sounds.delete(id);
  return audio;
}

/**
 * Which have to go, so that the rest fits.
 * @param {KeptSound[]} kept The newest first.
 * @param {number} room Bytes.
 * @param {number} without This one is replaced anyway.
 */
function beyond(kept, room, without) {
  let used = 0;
  const others = kept.filter((each) => each.id !== without);
  return others.filter((each) => (used += each.audio.size) > room).map((each) => each.id);
}
