// One text on its way to the ear: the request, the audio so far, and the times of its words.

import { joined } from "./pcm.js";
import { WordTimes } from "./word-times.js";

/** @typedef {import("./speech.js").SpeechWish} SpeechWish */
/** @typedef {import("./recent.js").Spoken} Spoken */

export class Take {
  request = new AbortController();
  times = new WordTimes();
  rate = 0;
  /** What the voice says: the text, or the answer to it. */
  said = "";
  /** @type {number|undefined} Known once all of the audio is there. */
  duration;
  isComplete = false;
  /** @type {Int16Array[]} */
  #portions = [];

  /** @param {SpeechWish} wish */
  constructor(wish) {
    this.wish = wish;
    this.pressed = performance.now();
  }

  /**
   * A take from before, all of it.
   * @param {Spoken} spoken
   */
  static from(spoken) {
    const { text, voice, speaker, speed } = spoken;
    const take = new Take({ text, voice, speaker, speed, llm: spoken.reply !== text });
    take.rate = spoken.rate;
    take.said = spoken.reply;
    take.add(spoken.samples);
    take.times.addWords(spoken.words ?? []);
    take.complete();
    return take;
  }

  /** @param {Int16Array} samples */
  add(samples) {
    this.#portions.push(samples);
  }

  complete() {
    this.isComplete = true;
    this.duration = this.samples.length / (this.rate || 1);
  }

  /** All samples so far. */
  get samples() {
    if (this.#portions.length > 1) this.#portions = [joined(this.#portions)];
    return this.#portions[0] ?? new Int16Array(0);
  }

  /** @returns {Spoken} */
  toSpoken() {
    const { text, voice, speaker, speed } = this.wish;
    return {
      time: Date.now(),
      text,
      reply: this.said || text,
      voice,
      speaker,
      speed,
      rate: this.rate,
      samples: this.samples,
      words: this.times.spoken(this.duration),
    };
  }
}
