// When a lost connection is tried again: after a second, then after twice as long each time.

/** @typedef {import("./page.js").Trouble} Trouble */

const LONGEST_WAIT_SECONDS = 15;

export class Reconnection {
  #connect;
  #countDown;
  #failures = 0;
  #timer = 0;

  /**
   * @param {() => void} connect
   * @param {(trouble: Trouble, seconds: number) => void} countDown Called every second until then.
   */
  constructor(connect, countDown) {
    this.#connect = connect;
    this.#countDown = countDown;
  }

  /**
   * The connection was lost.
   * @param {Trouble} trouble
   * @param {number} [seconds] What the server wishes.
   */
  later(trouble, seconds = 2 ** this.#failures) {
    this.#failures += 1;
    this.#wait(trouble, Math.ceil(Math.min(seconds, LONGEST_WAIT_SECONDS)));
  }

  /** Do not wait for the countdown. */
  now() {
    clearTimeout(this.#timer);
    this.#connect();
  }

  /** There is a connection, or none is wanted any more. */
  reset() {
    clearTimeout(this.#timer);
    this.#failures = 0;
  }

  /**
   * @param {Trouble} trouble
   * @param {number} seconds
   */
  #wait(trouble, seconds) {
    if (seconds <= 0) return this.#connect();
    this.#countDown(trouble, seconds);
    this.#timer = setTimeout(() => this.#wait(trouble, seconds - 1), 1000);
    return undefined;
  }
}
