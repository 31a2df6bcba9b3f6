// Keeps the audio of a transcript and its words in step.

import { WordCursor } from "./word-cursor.js";

/** A word begins a little after the place that was asked for. */
const TOLERANCE_SECONDS = 0.02;

export class BesideAudio {
  #audio;
  #cursor;
  #address = "";

  /**
   * @param {HTMLAudioElement} audio
   * @param {HTMLElement} box Has the words.
   * @param {HTMLElement} info Where the time of a chosen word is written.
   */
  constructor(audio, box, info) {
    this.#audio = audio;
    this.#cursor = new WordCursor(box, info);
    this.#cursor.onSeek = (seconds) => this.#seek(seconds);
    this.#cursor.onPlayPause = () => this.#playPause();
    audio.addEventListener("play", () => this.#follow());
    audio.addEventListener("seeked", () => this.#mark());
  }

  /** @param {import("./word-cursor.js").ShownWord[]} words */
  add(words) {
    this.#cursor.add(words);
  }

  /** @param {Blob} audio */
  load(audio) {
    this.unload();
    this.#address = URL.createObjectURL(audio);
    this.#audio.src = this.#address;
  }

  /** Release the memory. */
  unload() {
    if (!this.#address) return;
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    URL.revokeObjectURL(this.#address);
    this.#address = "";
  }

  /** @param {number} seconds */
  #seek(seconds) {
    if (this.#address) this.#audio.currentTime = seconds;
  }

  #playPause() {
    if (!this.#address) return;
    if (this.#audio.paused) this.#audio.play().catch(() => {});
    else this.#audio.pause();
  }

  #mark() {
    this.#cursor.playing(this.#audio.currentTime + TOLERANCE_SECONDS);
  }

  #follow() {
    if (this.#audio.paused) return;
    this.#mark();
    requestAnimationFrame(() => this.#follow());
  }
}
