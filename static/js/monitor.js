// The Monitor page, fed by /ws/monitor.

import { Chart } from "./charts.js";
import { countDown, stopCounting } from "./countdown.js";
import { drawParts } from "./health.js";
import { formatNumber, gettext, interpolate, ngettext } from "./i18n.js";
import { MonitorData } from "./monitor-data.js";
import { byId, make, onThemeChange, showNotice } from "./page.js";
import { Reconnection } from "./reconnection.js";
import { drawRequests } from "./requests.js";
import { drawRunningFiles } from "./running-files.js";
import { openSocket } from "./server.js";

/** @typedef {import("./monitor-data.js").Snapshot} Snapshot */

const sum = (/** @type {number[]|undefined} */ values) => values?.reduce((a, b) => a + b, 0);
const milliseconds = (/** @type {number} */ value) => `${formatNumber(Math.round(value))} ms`;
const megabytes = (/** @type {number} */ value) => `${formatNumber(Math.round(value))} MB`;
const whole = (/** @type {number} */ value) => formatNumber(Math.round(value));
const factor = (/** @type {number} */ value) => formatNumber(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** Kinds of sessions. One of Wyoming may also speak, but most are satellites that listen. */
const LISTENING = ["stt", "realtime", "wyoming"];
const SPEAKING = ["tts", "speak"];
const TALKING = ["voice", "live"];
/**
 * @param {Record<string, number>} sessions
 * @param {string[]} kinds
 */
const total = (sessions, kinds) => kinds.reduce((count, kind) => count + (sessions[kind] ?? 0), 0);
/** A percentile of nothing is no number. */
const latency = (/** @type {string} */ stage, /** @type {"p50"|"p95"} */ kind) => (/** @type {Snapshot} */ snapshot) =>
  snapshot.latency_ms[stage]?.count ? snapshot.latency_ms[stage][kind] : null;

/** @type {import("./charts.js").ChartPlan[]} */
const PLANS = [
  {
    title: gettext("Active sessions"),
    empty: gettext("Waiting for the first data."),
    words: whole,
    least: 4,
    lines: [
      { label: gettext("Listen"), read: ({ sessions }) => total(sessions, LISTENING) },
      { label: gettext("Speak"), read: ({ sessions }) => total(sessions, SPEAKING) },
      { label: gettext("Talk"), read: ({ sessions }) => total(sessions, TALKING) },
    ],
  },
  {
    title: gettext("Latency of finals and of first audio"),
    empty: gettext("No requests in the last 15 minutes."),
    words: milliseconds,
    least: 100,
    lines: [
      { label: gettext("Text"), read: latency("final", "p50") },
      { label: "p95", read: latency("final", "p95") },
      { label: gettext("Sound"), read: latency("first_audio", "p50") },
      { label: "p95", read: latency("first_audio", "p95") },
    ],
  },
  {
    title: gettext("Queued jobs"),
    empty: gettext("Waiting for the first data."),
    words: whole,
    least: 4,
    lines: [
      { label: "Whisper", read: ({ queues }) => queues.whisper },
      { label: "Piper", read: ({ queues }) => queues.piper },
      { label: gettext("Requests"), read: ({ queues }) => queues.tts },
    ],
  },
  {
    title: gettext("Real-time factor, below 1 keeps up"),
    empty: gettext("No engine has run yet."),
    words: factor,
    least: 0.5,
    lines: [
      { label: "Whisper", read: (snapshot) => snapshot.real_time_factor.whisper },
      { label: "Piper", read: (snapshot) => snapshot.real_time_factor.piper },
    ],
  },
  {
    title: gettext("Memory"),
    empty: gettext("Waiting for the first data."),
    words: megabytes,
    least: 200,
    lines: [
      { label: "Whisper", read: ({ memory_mb: memory }) => sum(memory.whisper) },
      { label: "Piper", read: ({ memory_mb: memory }) => sum(memory.piper) },
      { label: gettext("Server"), read: ({ memory_mb: memory }) => sum(memory.server) },
      { label: "LLM", read: ({ memory_mb: memory }) => sum(memory.llm) },
    ],
  },
  {
    title: gettext("CPU use of this machine"),
    empty: gettext("Waiting for the first data."),
    words: (value) => `${formatNumber(Math.round(value))} %`,
    least: 100,
    lines: [{ label: gettext("Busy"), read: (snapshot) => snapshot.cpu_percent }],
  },
];

const data = new MonitorData();
const places = byId("charts").children;
const charts = PLANS.map((plan, index) => new Chart(places[index], plan));
const reconnection = new Reconnection(connect, (trouble, seconds) => {
  countDown(byId("notice"), trouble, seconds, () => reconnection.now());
});

function connect() {
  const socket = openSocket("/ws/monitor");
  /** @type {string|undefined} */
  let said;
  socket.onmessage = ({ data: text }) => {
    const message = JSON.parse(text);
    if (message.type === "error") said = message.message;
    if (message.type === "history") showHistory(message.snapshots);
    if (message.type === "snapshot") show(message);
  };
  socket.onclose = ({ code }) => closed(code, said);
}

/** @param {Snapshot[]} snapshots */
function showHistory(snapshots) {
  reconnection.reset();
  showTrouble(null);
  data.clear();
  snapshots.forEach((snapshot) => data.add(snapshot));
  drawCharts();
}

/** @param {Snapshot} snapshot */
function show(snapshot) {
  data.add(snapshot);
  if (document.hidden) return;
  const now = data.now;
  if (!now) return;
  drawFigures(now);
  drawCharts();
  if (now.parts) drawParts(byId("monitor-parts"), now.parts);
  drawRunningFiles(now.files ?? []);
  drawRequests(now.recent ?? []);
}

/**
 * @param {number} code
 * @param {string} [said]
 */
function closed(code, said) {
  if (code === 4401 || code === 4403) {
    return showTrouble({ title: said ?? gettext("This server needs a key."), advice: gettext("Sign in on the Admin page, then come back.") });
  }
  return reconnection.later({ title: said ?? gettext("The live data has stopped: the server does not answer.") });
}

/** @param {import("./page.js").Trouble|null} trouble */
function showTrouble(trouble) {
  stopCounting(byId("notice"));
  showNotice(byId("notice"), trouble);
}

/** @param {Snapshot} now */
function drawFigures(now) {
  const listening = total(now.sessions, LISTENING);
  const speaking = total(now.sessions, SPEAKING);
  const talking = total(now.sessions, TALKING);
  const split = interpolate(gettext("%(listening)s listening, %(speaking)s speaking, %(talking)s talking"), { listening, speaking, talking });
  figure("sessions", [String(listening + speaking + talking)], split);
  latencyFigure("final", now.latency_ms.final, gettext("No utterances yet"), (count) =>
    ngettext("%(count)s utterance in 15 minutes", "%(count)s utterances in 15 minutes", count));
  latencyFigure("sound", now.latency_ms.first_audio, gettext("No requests yet"), (count) =>
    ngettext("%(count)s request in 15 minutes", "%(count)s requests in 15 minutes", count));
  const errors = now.errors_last_hour;
  figure("errors", [formatNumber(errors)], errors ? gettext("See the log.") : gettext("None"));
  byId("figure-errors").dataset.tone = errors ? "bad" : "";
  byId("processes").textContent = interpolate(ngettext("%(count)s process", "%(count)s processes", data.processes), { count: data.processes });
}

/**
 * @param {string} name
 * @param {import("./monitor-data.js").Latency|undefined} latencyNow
 * @param {string} none What is said before there is one.
 * @param {(count: number) => string} words For so many.
 */
function latencyFigure(name, latencyNow, none, words) {
  if (!latencyNow?.count) return figure(name, ["–"], none);
  const { p50, p95, count } = latencyNow;
  const counted = interpolate(words(count), { count: formatNumber(count) });
  return figure(name, [formatNumber(Math.round(p50)), ` / ${milliseconds(p95)}`], counted);
}

/**
 * @param {string} name
 * @param {string[]} parts The number, and what follows it in smaller type.
 * @param {string} note
 */
function figure(name, [value, rest = ""], note) {
  const box = byId(`figure-${name}`);
  box.querySelector(".figure-value")?.replaceChildren(value, make("small", "", rest));
  const noted = box.querySelector(".figure-note");
  if (noted) noted.textContent = note;
}

function drawCharts() {
  for (const chart of charts) chart.show(data.series(chart.plan.lines.map((line) => line.read)));
}

onThemeChange(() => charts.forEach((chart) => chart.rebuild()));
connect();
