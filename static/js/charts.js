// One chart: a figure with a title, a legend that shows the numbers, and lines by uPlot.

import uPlot from "../vendor/uplot-1.6.32/dist/uPlot.esm.js";
import { timeOfDay } from "./format.js";
import { formatNumber } from "./i18n.js";
import { WINDOW_SECONDS } from "./monitor-data.js";
import { colour, make } from "./page.js";

const CURSOR = uPlot.sync("monitor");
const AXIS_PIXELS = 48;
const FONT = "12px system-ui, sans-serif";

/** The look of the first, second, third and fourth line: colour, dash, and width. */
const LOOKS = [
  { colour: "--accent", dash: [], width: 2 },
  { colour: "--accent", dash: [5, 4], width: 1.5 },
  { colour: "--ink-soft", dash: [], width: 2 },
  { colour: "--ink-soft", dash: [5, 4], width: 1.5 },
];

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {(snapshot: import("./monitor-data.js").Snapshot) => number|null|undefined} read
 *
 * @typedef {object} ChartPlan
 * @property {string} title
 * @property {string} empty What is said before there is anything to draw.
 * @property {(value: number) => string} words A value with its unit.
 * @property {number} least The axis reaches at least so far.
 * @property {Line[]} lines
 */

export class Chart {
  #plan;
  #plot = make("div", "plot");
  #empty;
  /** @type {HTMLElement[]} */
  #values = [];
  /** @type {uPlot|null} */
  #chart = null;
  /** @type {(number|null)[][]} */
  #data = [];

  /**
   * @param {Element} figure An empty one, which keeps the place.
   * @param {ChartPlan} plan
   */
  constructor(figure, plan) {
    this.#plan = plan;
    this.#empty = make("p", "chart-empty", plan.empty);
    this.#plot.append(this.#empty);
    const legend = make("span", "legend", ...plan.lines.map((line, index) => this.#legendItem(line, index)));
    const caption = make("figcaption", "", make("span", "chart-title", plan.title), legend);
    figure.replaceChildren(caption, this.#plot);
    new ResizeObserver(() => this.#fit()).observe(this.#plot);
  }

  get plan() {
    return this.#plan;
  }

  /** @param {(number|null)[][]} data */
  show(data) {
    this.#data = data;
    const something = data.slice(1).some((row) => row.some((value) => value !== null));
    this.#empty.hidden = something;
    if (!something) return;
    if (this.#chart) this.#chart.setData(/** @type {any} */ (data));
    else this.#build();
    if (this.#chart?.cursor.idx == null) this.#showValues(data[0].length - 1);
  }

  /** Draw anew, because the colours have changed. */
  rebuild() {
    if (!this.#chart) return;
    this.#chart.destroy();
    this.#chart = null;
    this.#build();
  }

  /**
   * @param {Line} line
   * @param {number} index
   */
  #legendItem(line, index) {
    const value = make("b", "", "–");
    this.#values.push(value);
    const swatch = make("span", LOOKS[index].dash.length ? "swatch dashed" : "swatch");
    return make("span", `legend-item series-${index}`, swatch, `${line.label} `, value);
  }

  /** @param {number} index */
  #showValues(index) {
    this.#values.forEach((place, line) => {
      const value = this.#data[line + 1]?.[index];
      place.textContent = value == null ? "–" : this.#plan.words(value);
    });
  }

  #fit() {
    const width = this.#plot.clientWidth;
    if (this.#chart && width) this.#chart.setSize({ width, height: this.#plot.clientHeight });
  }

  #build() {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    if (!width) return;
    this.#chart = new uPlot(this.#options(width, height), /** @type {any} */ (this.#data), this.#plot);
    this.#chart.root.setAttribute("aria-hidden", "true");
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #options(width, height) {
    const line = colour("--line");
    const soft = colour("--ink-soft");
    const axis = { stroke: soft, font: FONT, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
      width,
      height,
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { sync: { key: CURSOR.key }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: (_, __, max) => [max - WINDOW_SECONDS, max] },
        y: { range: (_, __, max) => [0, (max ?? 0) <= this.#plan.least ? this.#plan.least : max * 1.15] },
      },
      axes: [
        { ...axis, space: 90, size: 24, values: (_, ticks) => ticks.map((tick) => timeOfDay(tick * 1000).slice(0, 5)) },
        { ...axis, space: 36, size: AXIS_PIXELS, values: (_, ticks) => ticks.map((tick) => formatNumber(tick, { maximumFractionDigits: 2 })) },
      ],
      series: [{}, ...this.#plan.lines.map((_, index) => this.#look(index))],
      hooks: {
        setCursor: [(chart) => this.#showValues(chart.cursor.idx ?? this.#data[0].length - 1)],
      },
    };
  }

  /** @param {number} index */
  #look(index) {
    const { colour: name, dash, width } = LOOKS[index];
    return { stroke: colour(name), dash, width, points: { show: false }, spanGaps: false };
  }
}
