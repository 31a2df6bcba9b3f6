// When a lost connection is tried again: as the server says, or after a second, then after
// twice as long each time.

/** @typedef {import("./page.js").Trouble} Trouble */

const LONGEST_WAIT_SECONDS = 15;
/** After a longer wait the user has to try again. */
const LONGEST_ASKED_SECONDS = 120;
const TOO_MANY = 4429;
/** Ended unasked, going away, lost, restarting, at the time limit, overloaded. */
const AGAIN = new Set([1000, 1001, 1005, 1006, 1011, 1012, 4440, 4503, 4512]);

/**
 * Whether a connection that ended with this code may be tried again without being asked.
 * @param {number} code
 * @param {number} [retryAfter] Seconds, as the server said.
 */
export function mayTryAgain(code, retryAfter) {
  if ((retryAfter ?? 0) > LONGEST_ASKED_SECONDS) return false;
  return AGAIN.has(code) || (code === TOO_MANY && retryAfter !== undefined);
}

export class Reconnection {
  #connect;
  #countDown;
  #failures = 0;
  #timer = 0;
  /** @type {Trouble|null} */
  #trouble = null;

  /**
   * @param {() => void} connect
   * @param {(trouble: Trouble, seconds: number) => void} countDown Called every second until then, the last time with 0.
   */
  constructor(connect, countDown) {
    this.#connect = connect;
    this.#countDown = countDown;
  }

  /**
   * The connection was lost.
   * @param {Trouble} trouble
   * @param {number} [asked] Seconds, as the server said.
   */
  later(trouble, asked) {
    const seconds = asked ?? Math.min(2 ** this.#failures, LONGEST_WAIT_SECONDS);
    this.#failures += 1;
    this.#trouble = trouble;
    if (seconds > 0) this.#wait(Math.ceil(seconds));
    else this.#connect();
  }

  /** Do not wait for the countdown. */
  now() {
    clearTimeout(this.#timer);
    this.#wait(0);
  }

  /** There is a connection, or none is wanted any more. */
  reset() {
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#trouble = null;
  }

  /** @param {number} seconds */
  #wait(seconds) {
    if (this.#trouble) this.#countDown(this.#trouble, seconds);
    if (seconds <= 0) return this.#connect();
    this.#timer = setTimeout(() => this.#wait(seconds - 1), 1000);
    return undefined;
  }
}
