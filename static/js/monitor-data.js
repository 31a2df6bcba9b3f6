// Snapshots of all processes, joined into one series of the last 15 minutes.

export const WINDOW_SECONDS = 15 * 60;
const STEP_SECONDS = 2;
/** A process that was silent for so long is gone. */
const GONE_SECONDS = 6;

/**
 * @typedef {object} Latency
 * @property {number} p50
 * @property {number} p95
 * @property {number} count
 *
 * @typedef {object} Snapshot
 * @property {string} process
 * @property {number} time
 * @property {Record<string, number>} sessions
 * @property {Record<string, number>} queues
 * @property {Record<string, Latency>} latency_ms
 * @property {number} errors_last_hour
 * @property {Record<string, number>} real_time_factor
 * @property {Record<string, number[]>} memory_mb
 * @property {number} cpu_percent
 * @property {number} loop_delay_ms
 * @property {Record<string, import("./health.js").Part>} [parts]
 * @property {import("./running-files.js").RunningFile[]} [files]
 * @property {any[]} [recent]
 */

export class MonitorData {
  /** The newest snapshot of each process. @type {Map<string, Snapshot>} */
  #latest = new Map();
  /** Joined snapshots by time slot. @type {Map<number, Snapshot>} */
  #slots = new Map();

  /** @param {Snapshot} snapshot */
  add(snapshot) {
    this.#latest.set(snapshot.process, snapshot);
    for (const [process, other] of this.#latest) {
      if (snapshot.time - other.time > GONE_SECONDS) this.#latest.delete(process);
    }
    const slot = Math.floor(snapshot.time / STEP_SECONDS) * STEP_SECONDS;
    this.#slots.set(slot, { ...joined([...this.#latest.values()]), time: slot });
    for (const old of this.#slots.keys()) {
      if (slot - old > WINDOW_SECONDS) this.#slots.delete(old);
      else break;
    }
  }

  clear() {
    this.#latest.clear();
    this.#slots.clear();
  }

  /** Everything now; undefined before the first snapshot. */
  get now() {
    return this.#latest.size ? joined([...this.#latest.values()]) : undefined;
  }

  get processes() {
    return this.#latest.size;
  }

  /**
   * The time axis and one row for each reader, as uPlot takes them.
   * @param {((snapshot: Snapshot) => number|null|undefined)[]} readers
   * @returns {(number|null)[][]}
   */
  series(readers) {
    const snapshots = [...this.#slots.values()];
    const rows = readers.map((read) => snapshots.map((snapshot) => read(snapshot) ?? null));
    return [snapshots.map((snapshot) => snapshot.time), ...rows];
  }
}

/**
 * Several processes as one.
 * @param {Snapshot[]} all
 * @returns {Snapshot}
 */
function joined(all) {
  if (all.length === 1) return all[0];
  const newest = all.reduce((a, b) => (a.time >= b.time ? a : b));
  const parts = Object.assign({}, ...all.map((one) => one.parts ?? {}));
  const files = all.flatMap((one) => one.files ?? []);
  const recent = all.flatMap((one) => one.recent ?? []).sort((a, b) => b.time - a.time);
  return {
    ...newest,
    sessions: sums(all.map((one) => one.sessions)),
    queues: sums(all.map((one) => one.queues)),
    latency_ms: latencies(all),
    errors_last_hour: all.reduce((sum, one) => sum + one.errors_last_hour, 0),
    real_time_factor: Object.assign({}, ...all.map((one) => one.real_time_factor)),
    memory_mb: workers(all),
    loop_delay_ms: Math.max(...all.map((one) => one.loop_delay_ms)),
    parts,
    files,
    recent,
  };
}

/** @param {Record<string, number>[]} all */
function sums(all) {
  /** @type {Record<string, number>} */
  const total = {};
  for (const one of all) {
    for (const [name, value] of Object.entries(one)) total[name] = (total[name] ?? 0) + value;
  }
  return total;
}

/** @param {Snapshot[]} all */
function workers(all) {
  /** @type {Record<string, number[]>} */
  const total = {};
  for (const { memory_mb: memory } of all) {
    for (const [name, values] of Object.entries(memory)) (total[name] ??= []).push(...values);
  }
  return total;
}

/**
 * The mean of the medians, weighted by their counts, and the highest of the slowest values.
 * @param {Snapshot[]} all
 */
function latencies(all) {
  /** @type {Record<string, Latency>} */
  const total = {};
  for (const { latency_ms: latency } of all) {
    for (const [stage, one] of Object.entries(latency)) {
      const so = total[stage] ?? { p50: 0, p95: 0, count: 0 };
      const count = so.count + one.count;
      const p50 = count ? (so.p50 * so.count + one.p50 * one.count) / count : 0;
      total[stage] = { p50, p95: Math.max(so.p95, one.p95), count };
    }
  }
  return total;
}
