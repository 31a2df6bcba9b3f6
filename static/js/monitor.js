// The Monitor page, fed by /ws/monitor.

import { Chart } from "./charts.js";
import { drawParts } from "./health.js";
import { MonitorData } from "./monitor-data.js";
import { byId, make, onThemeChange, showNotice } from "./page.js";
import { drawRequests } from "./requests.js";
import { drawRunningFiles } from "./running-files.js";
import { socketUrl } from "./server.js";

/** @typedef {import("./monitor-data.js").Snapshot} Snapshot */

const LONGEST_WAIT_SECONDS = 15;
const sum = (/** @type {number[]|undefined} */ values) => values?.reduce((a, b) => a + b, 0);
const milliseconds = (/** @type {number} */ value) => `${Math.round(value)} ms`;
const megabytes = (/** @type {number} */ value) => `${Math.round(value)} MB`;
const whole = (/** @type {number} */ value) => String(Math.round(value));
const factor = (/** @type {number} */ value) => value.toFixed(2);
/** A percentile of nothing is no number. */
const latency = (/** @type {string} */ stage, /** @type {"p50"|"p95"} */ kind) => (/** @type {Snapshot} */ snapshot) =>
  snapshot.latency_ms[stage]?.count ? snapshot.latency_ms[stage][kind] : null;

/** @type {import("./charts.js").ChartPlan[]} */
const PLANS = [
  {
    title: "Active sessions",
    empty: "Waiting for the first data.",
    words: whole,
    least: 4,
    lines: [
      { label: "Listen", read: ({ sessions }) => sessions.stt ?? 0 },
      { label: "Speak", read: ({ sessions }) => sessions.tts ?? 0 },
    ],
  },
  {
    title: "Latency of finals and of first audio",
    empty: "No requests in the last 15 minutes.",
    words: milliseconds,
    least: 100,
    lines: [
      { label: "Text", read: latency("final", "p50") },
      { label: "p95", read: latency("final", "p95") },
      { label: "Sound", read: latency("first_audio", "p50") },
      { label: "p95", read: latency("first_audio", "p95") },
    ],
  },
  {
    title: "Queued jobs",
    empty: "Waiting for the first data.",
    words: whole,
    least: 4,
    lines: [
      { label: "Whisper", read: ({ queues }) => queues.whisper },
      { label: "Piper", read: ({ queues }) => queues.piper },
      { label: "Requests", read: ({ queues }) => queues.tts },
    ],
  },
  {
    title: "Real-time factor, below 1 keeps up",
    empty: "No engine has run yet.",
    words: factor,
    least: 0.5,
    lines: [
      { label: "Whisper", read: (snapshot) => snapshot.real_time_factor.whisper },
      { label: "Piper", read: (snapshot) => snapshot.real_time_factor.piper },
    ],
  },
  {
    title: "Memory",
    empty: "Waiting for the first data.",
    words: megabytes,
    least: 200,
    lines: [
      { label: "Whisper", read: ({ memory_mb: memory }) => sum(memory.whisper) },
      { label: "Piper", read: ({ memory_mb: memory }) => sum(memory.piper) },
      { label: "Server", read: ({ memory_mb: memory }) => sum(memory.server) },
      { label: "LLM", read: ({ memory_mb: memory }) => sum(memory.llm) },
    ],
  },
  {
    title: "CPU use of this machine",
    empty: "Waiting for the first data.",
    words: (value) => `${Math.round(value)} %`,
    least: 100,
    lines: [{ label: "Busy", read: (snapshot) => snapshot.cpu_percent }],
  },
];

const data = new MonitorData();
const charts = PLANS.map((plan) => new Chart(byId("charts"), plan));
let failures = 0;

function connect() {
  const socket = new WebSocket(socketUrl("/ws/monitor"));
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
  failures = 0;
  showNotice(byId("notice"), null);
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
    return showNotice(byId("notice"), { title: said ?? "This server needs a key.", advice: "Sign in on the Admin page, then come back." });
  }
  failures += 1;
  const wait = Math.min(2 ** (failures - 1), LONGEST_WAIT_SECONDS);
  return countDown(said ?? "The live data has stopped: the server does not answer.", wait);
}

/**
 * @param {string} title
 * @param {number} seconds
 */
function countDown(title, seconds) {
  if (seconds <= 0) return connect();
  showNotice(byId("notice"), { title, advice: `Trying again in ${seconds} s.`, tone: "wait" });
  setTimeout(() => countDown(title, seconds - 1), 1000);
  return undefined;
}

/** @param {Snapshot} now */
function drawFigures(now) {
  const active = (now.sessions.stt ?? 0) + (now.sessions.tts ?? 0);
  const split = `${now.sessions.stt ?? 0} listening, ${now.sessions.tts ?? 0} speaking`;
  figure("sessions", [String(active)], split);
  latencyFigure("final", now.latency_ms.final, "utterance");
  latencyFigure("sound", now.latency_ms.first_audio, "request");
  const errors = now.errors_last_hour;
  figure("errors", [errors.toLocaleString("en")], errors ? "See the log." : "None in the last hour");
  byId("figure-errors").dataset.tone = errors ? "bad" : "";
  byId("processes").textContent = data.processes === 1 ? "One process" : `${data.processes} processes`;
  byId("loop-delay").textContent = `${now.loop_delay_ms.toFixed(1)} ms`;
}

/**
 * @param {string} name
 * @param {import("./monitor-data.js").Latency|undefined} latencyNow
 * @param {string} what One of what is counted.
 */
function latencyFigure(name, latencyNow, what) {
  if (!latencyNow?.count) return figure(name, ["–"], `No ${what}s yet`);
  const { p50, p95, count } = latencyNow;
  const counted = `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
  return figure(name, [String(Math.round(p50)), ` / ${Math.round(p95)} ms`], `${counted} in 15 minutes`);
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
