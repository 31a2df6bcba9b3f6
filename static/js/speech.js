// Asks the server to speak and hands on sound and text as they arrive.

import { fromBase64, serverEvents } from "./events.js";
import { PcmReader } from "./pcm.js";
import { post, RequestFailed } from "./server.js";

/**
 * @typedef {object} SpeechWish
 * @property {string} text
 * @property {string} voice
 * @property {number} speed
 * @property {boolean} llm Whether the language model answers first.
 * @property {string} [speaker]
 *
 * @typedef {object} SpeechHandlers
 * @property {(rate: number) => void} onRate Called before any sound.
 * @property {(samples: Int16Array) => void} onSamples
 * @property {(text: string) => void} onText More of the reply's text.
 */

/**
 * @param {SpeechWish} wish
 * @param {SpeechHandlers} handlers
 * @param {AbortSignal} signal
 */
export async function receiveSpeech(wish, handlers, signal) {
  const extra = wish.llm ? { stream_format: "sse" } : {};
  const response = await post("/tts", { ...wish, ...extra, format: "pcm" }, signal);
  handlers.onRate(Number(response.headers.get("X-Sample-Rate")) || 22_050);
  if (!response.body) return;
  try {
    await (wish.llm ? readEvents(response.body, handlers) : readAudio(response.body, handlers));
  } catch (error) {
    throw error instanceof TypeError ? brokenOff() : error;
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {SpeechHandlers} handlers
 */
async function readAudio(body, handlers) {
  const reader = body.getReader();
  const pcm = new PcmReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    handlers.onSamples(pcm.read(value));
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
  }
}

function brokenOff() {
  return new RequestFailed({
    title: "The connection broke before the end.",
    advice: "You can replay the part that arrived.",
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
