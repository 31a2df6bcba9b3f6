// A waveform that grows while audio arrives; the part that was heard has the accent colour.

import { colour, onThemeChange } from "./page.js";

const PEAKS_PER_SECOND = 50;
const FIRST_SPAN_SECONDS = 6;
const BAR_PIXELS = 3;
const STEP_PIXELS = 5;

export class Waveform {
  #canvas;
  /** @type {number[]} */
  #peaks = [];
  #unfinished = 0;
  #unfinishedSamples = 0;
  #position = 0;
  #isWhole = false;
  #colours = { heard: "", coming: "", empty: "" };

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
    onThemeChange(() => this.#readColours());
    this.#readColours();
  }

  reset() {
    this.#peaks = [];
    this.#unfinished = 0;
    this.#unfinishedSamples = 0;
    this.#position = 0;
    this.#isWhole = false;
    this.draw();
  }

  /** No more audio comes: what is there takes the whole width. */
  complete() {
    this.#isWhole = true;
    this.draw();
  }

  /**
   * @param {Float32Array} samples
   * @param {number} rate
   */
  add(samples, rate) {
    const perPeak = Math.round(rate / PEAKS_PER_SECOND);
    for (const sample of samples) {
      this.#unfinished = Math.max(this.#unfinished, Math.abs(sample));
      this.#unfinishedSamples += 1;
      if (this.#unfinishedSamples >= perPeak) {
        this.#peaks.push(this.#unfinished);
        this.#unfinished = 0;
        this.#unfinishedSamples = 0;
      }
    }
    this.draw();
  }

  /** @param {number} seconds */
  moveTo(seconds) {
    this.#position = seconds;
    this.draw();
  }

  #readColours() {
    this.#colours = {
      heard: colour("--accent"),
      coming: colour("--line-strong"),
      empty: colour("--line"),
    };
    this.draw();
  }

  /** The time that the whole width stands for; it doubles when it is used up. */
  get spanSeconds() {
    if (this.#isWhole && this.#peaks.length) return this.#peaks.length / PEAKS_PER_SECOND;
    let span = FIRST_SPAN_SECONDS;
    while (span * PEAKS_PER_SECOND < this.#peaks.length) span *= 2;
    return span;
  }

  draw() {
    const canvas = this.#canvas;
    const scale = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.scale(scale, scale);
    const bars = Math.floor(width / STEP_PIXELS);
    const peaksPerBar = (this.spanSeconds * PEAKS_PER_SECOND) / bars;
    const heardBars = (this.#position * PEAKS_PER_SECOND) / peaksPerBar;
    for (let bar = 0; bar < bars; bar += 1) {
      const from = Math.floor(bar * peaksPerBar);
      const until = Math.max(from + 1, Math.floor((bar + 1) * peaksPerBar));
      const peak = Math.max(0, ...this.#peaks.slice(from, until));
      const there = from < this.#peaks.length;
      const tall = there ? Math.max(BAR_PIXELS, Math.sqrt(peak) * height) : BAR_PIXELS;
      pen.fillStyle = !there ? this.#colours.empty : bar < heardBars ? this.#colours.heard : this.#colours.coming;
      pen.beginPath();
      pen.roundRect(bar * STEP_PIXELS, (height - tall) / 2, BAR_PIXELS, tall, BAR_PIXELS / 2);
      pen.fill();
    }
  }
}
