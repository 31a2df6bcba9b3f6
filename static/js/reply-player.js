// Plays the replies of a conversation as they arrive, and reports its progress.

const WORKLET = new URL("./worklets/playback.js", import.meta.url);

/** Whether replies can sound from another device than the usual one. */
export function canChooseOutput() {
  return "setSinkId" in AudioContext.prototype && Boolean(navigator.mediaDevices);
}

/**
 * @typedef {object} ReplyPlayerHandlers
 * @property {(number: number, ms: number, lateMs: number) => void} onPlayed How much of the reply was heard, and the delay of the loudspeaker; about every 50 ms.
 * @property {(number: number) => void} onEnded Nothing of this reply is left.
 */

export class ReplyPlayer {
  #context;
  #node;
  #handlers;

  /**
   * @param {AudioContext} context
   * @param {AudioWorkletNode} node
   * @param {ReplyPlayerHandlers} handlers
   */
  constructor(context, node, handlers) {
    this.#context = context;
    this.#node = node;
    this.#handlers = handlers;
    node.port.onmessage = ({ data }) => this.#told(data);
  }

  /**
   * Call it while a button is pressed: browsers let a page sound only then.
   * @param {ReplyPlayerHandlers} handlers
   */
  static async open(handlers) {
    const context = new AudioContext({ latencyHint: "interactive" });
    try {
      context.resume();
      await context.audioWorklet.addModule(WORKLET);
      const node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
      node.connect(context.destination);
      return new ReplyPlayer(context, node, handlers);
    } catch (error) {
      context.close();
      throw error;
    }
  }

  /**
   * @param {number} number The reply's.
   * @param {number} rate Hz
   * @param {Int16Array} samples
   */
  add(number, rate, samples) {
    this.#node.port.postMessage({ type: "audio", number, rate, samples }, [samples.buffer]);
  }

  /** @param {number} number Of a reply whose audio has all been added. */
  complete(number) {
    this.#node.port.postMessage({ type: "complete", number });
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.#node.port.postMessage({ type: "pause", paused });
  }

  /** Play softly for a moment, or until a pause ends. */
  soften() {
    this.#node.port.postMessage({ type: "soften" });
  }

  /**
   * Sound from this device from now on. Rejects if it is gone.
   * @param {string} deviceId Empty for the usual one.
   */
  async useOutput(deviceId) {
    if (canChooseOutput()) await Reflect.get(this.#context, "setSinkId").call(this.#context, deviceId);
  }

  /** Be silent at once; what was not played is forgotten. */
  flush() {
    this.#node.port.postMessage({ type: "flush" });
  }

  close() {
    this.#node.port.onmessage = null;
    this.#context.close();
  }

  /** @param {any} message */
  #told({ type, number, ms }) {
    if (type === "ended") return this.#handlers.onEnded(number);
    const late = 1000 * (this.#context.outputLatency || this.#context.baseLatency || 0);
    return this.#handlers.onPlayed(number, Math.max(0, ms - late), late);
  }
}
