// The microphone: permission, devices, and 16 kHz PCM16 portions with their level.

import { gettext } from "./i18n.js";

/** @typedef {import("./page.js").Trouble} Trouble */

const WORKLET = new URL("./worklets/capture.js", import.meta.url);

/** @type {Record<string, Trouble>} */
const TROUBLES = {
  insecure: {
    title: gettext("Browsers allow the microphone only on secure pages."),
    advice: gettext("Open this page as http://localhost on the server itself, or use HTTPS. Files work here anyway."),
  },
  NotAllowedError: {
    title: gettext("The browser has no permission to use the microphone."),
    advice: gettext("Allow it in the address bar or in the site settings, then press the button again."),
  },
  NotFoundError: {
    title: gettext("No microphone was found."),
    advice: gettext("Connect one and press the button again, or drop an audio file onto this page."),
  },
  NotReadableError: {
    title: gettext("The microphone is in use by another program."),
    advice: gettext("Close the other program and press the button again."),
  },
  OverconstrainedError: {
    title: gettext("The selected microphone is no longer available."),
    advice: gettext("Choose another one from the list."),
  },
};

/** The words for a microphone that was unplugged while it was open. */
export const UNPLUGGED = {
  title: gettext("The microphone was disconnected."),
  advice: gettext("Connect it, or choose another one, and press the button."),
};

/**
 * The words for an error of `open`.
 * @param {unknown} error
 * @returns {Trouble}
 */
export function microphoneTrouble(error) {
  if (!navigator.mediaDevices) return TROUBLES.insecure;
  const name = error instanceof DOMException ? error.name : "";
  return TROUBLES[name] ?? { title: gettext("The microphone could not be opened."), advice: String(error) };
}

/** An open microphone. */
export class Microphone {
  #stream;
  #context;
  #capture;

  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   * @param {AudioWorkletNode} capture
   */
  constructor(stream, context, capture) {
    this.#stream = stream;
    this.#context = context;
    this.#capture = capture;
  }

  /**
   * Ask for the microphone and start to hand on what it hears.
   * @param {string} deviceId Empty for the usual one.
   * @param {(pcm: ArrayBuffer, level: number) => void} heard
   * @param {() => void} lost Called when the device is unplugged.
   * @param {MediaTrackConstraints} [wishes] Other than the usual ones.
   */
  static async open(deviceId, heard, lost, wishes = {}) {
    if (!navigator.mediaDevices) throw new Error("insecure");
    const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...wishes };
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...wanted, ...device } });
    const context = new AudioContext();
    let capture;
    try {
      await context.audioWorklet.addModule(WORKLET);
      capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
      capture.port.onmessage = ({ data }) => heard(data.pcm, data.level);
      context.createMediaStreamSource(stream).connect(capture);
      await context.resume();
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      context.close();
      throw error;
    }
    stream.getAudioTracks()[0].addEventListener("ended", lost);
    return new Microphone(stream, context, capture);
  }

  /** Hand on nothing more, not even what is on its way. */
  close() {
    this.#capture.port.onmessage = null;
    this.#stream.getTracks().forEach((track) => track.stop());
    this.#context.close();
  }
}

/**
 * The microphones, or the loudspeakers; their names are known only once a microphone was allowed.
 * @param {"audioinput"|"audiooutput"} kind
 * @returns {Promise<MediaDeviceInfo[]>}
 */
export async function audioDevices(kind) {
  if (!navigator.mediaDevices) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === kind && device.deviceId);
}
