// Requests to this server, and what their failures mean in words.

import { address, CSRF_COOKIE } from "./address.js";
import { serverLost } from "./health.js";
import { gettext, interpolate } from "./i18n.js";

/** @typedef {import("./page.js").Trouble} Trouble */

/** A failed request, with its trouble in words. */
export class RequestFailed extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble.title);
    this.trouble = trouble;
  }
}

/** @returns {Record<string, string>} */
function csrfHeader() {
  const pairs = document.cookie.split("; ").map((each) => each.split("="));
  const token = pairs.find(([name]) => name === CSRF_COOKIE)?.[1];
  return token ? { "X-CSRFToken": decodeURIComponent(token) } : {};
}

/**
 * POST JSON. Answers only when it went well.
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export async function post(path, body, signal) {
  const headers = { "Content-Type": "application/json", ...csrfHeader() };
  const request = { method: "POST", headers, body: JSON.stringify(body), signal };
  return answered(await reached(path, request));
}

/**
 * GET JSON.
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function getJson(path) {
  const response = await answered(await reached(path, { headers: { Accept: "application/json" } }));
  return response.json();
}

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function reached(path, request) {
  try {
    return await fetch(address(path), request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    serverLost();
    throw new RequestFailed({
      title: gettext("The server does not answer."),
      advice: gettext("It may be stopped or restarting, or the network is down. Try again in a moment."),
    });
  }
}

/** @param {Response} response */
async function answered(response) {
  if (response.ok) return response;
  throw new RequestFailed(await troubleOf(response));
}

/**
 * The words for an error answer; the server's own sentence when it sent one.
 * @param {Response} response
 * @returns {Promise<Trouble>}
 */
async function troubleOf(response) {
  const body = await response.json().catch(() => null);
  const title = body?.error?.message ?? interpolate(gettext("The server answered with %(status)s."), { status: response.status });
  return { title, advice: adviceFor(response) };
}

/** @param {Response} response */
function adviceFor(response) {
  const wait = Number(response.headers.get("Retry-After"));
  if (response.status === 401) return gettext("This server needs a key. Sign in on the Admin page, then come back.");
  if (response.status === 403) return gettext("Reload the page. If you are signed in, sign in again.");
  if (response.status === 429) return interpolate(gettext("The server is busy. Try again in %(seconds)s seconds."), { seconds: wait || 5 });
  if (response.status === 503) return gettext("The Monitor page shows which component is missing.");
  return undefined;
}

const BROKEN = 1006;

/**
 * A WebSocket of this server; the page learns at once when it breaks.
 * @param {string} path
 * @param {string[]} [protocols]
 */
export function openSocket(path, protocols = []) {
  const socket = new WebSocket(socketUrl(path), protocols);
  socket.addEventListener("close", ({ code }) => code === BROKEN && serverLost());
  return socket;
}

/**
 * The address of a WebSocket of this server.
 * @param {string} path
 */
function socketUrl(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${address(path)}`;
}
