// Asks the server to speak and hands on sound and text as they arrive.

import { fromBase64, serverEvents } from "./events.js";
import { gettext } from "./i18n.js";
import { PcmReader } from "./pcm.js";
import { post, RequestFailed } from "./server.js";

/**
 * @typedef {object} SpeechWish
 * @property {string} text
 * @property {string} [voice] Without it the default one.
 * @property {number} speed
 * @property {boolean} llm Whether the language model answers first.
 * @property {string} [speaker]
 *
 * @typedef {object} SpeechHandlers
 * @property {(rate: number) => void} onRate Called before any sound.
 * @property {(samples: Int16Array) => void} onSamples
 * @property {(text: string) => void} onText The text, or more of the answer.
 * @property {(text: string, start: number) => void} onClause A clause begins, in spoken words.
 * @property {(words: import("./word-times.js").SpokenWord[]) => void} onWords When words are heard.
 */

/**
 * @param {SpeechWish} wish
 * @param {SpeechHandlers} handlers
 * @param {AbortSignal} signal
 */
export async function receiveSpeech(wish, handlers, signal) {
  const response = await post("/tts", { ...wish, stream_format: "sse", format: "pcm" }, signal);
  handlers.onRate(Number(response.headers.get("X-Sample-Rate")) || 22_050);
  if (!response.body) return;
  try {
    await readEvents(response.body, handlers);
  } catch (error) {
    throw error instanceof TypeError ? brokenOff() : error;
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {SpeechHandlers} handlers
 */
async function readEvents(body, handlers) {
  const pcm = new PcmReader();
  for await (const event of serverEvents(body)) {
    if (event.type === "error") throw new RequestFailed({ title: event.message });
    if (event.type === "speech.audio.delta") handlers.onSamples(pcm.read(fromBase64(event.audio)));
    if (event.type === "speech.text.delta") handlers.onText(event.text);
    if (event.type === "speech.clause.started") handlers.onClause(event.text, event.start);
    if (event.type === "speech.words.delta") handlers.onWords(event.words);
  }
}

function brokenOff() {
  return new RequestFailed({
    title: gettext("The connection broke before the end."),
    advice: gettext("You can replay the part that arrived."),
  });
}

/**
 * A whole file in one of the server's formats.
 * @param {SpeechWish} wish
 * @param {string} format
 * @returns {Promise<Blob>}
 */
export async function receiveFile(wish, format) {
  const response = await post("/tts", { ...wish, format });
  return response.blob();
}
