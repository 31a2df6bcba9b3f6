// Audio files: decoded by the browser to 16 kHz, then sent as fast as the server takes them.

import { gettext, interpolate } from "./i18n.js";
import { toPcm16 } from "./pcm.js";

/** @typedef {import("./page.js").Trouble} Trouble */

const RATE_HZ = 16_000;
/** Frames stay under the 64 KiB that a message may have. */
const FRAME_SAMPLES = RATE_HZ / 2;
const MAX_BYTES = 500_000_000;
/** The energy of the sum of the channels over the sum of their energies, as on the server. */
const CANCELLED = 0.25;

/** A file that cannot be used, in words. */
export class FileTrouble extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble.title);
    this.trouble = trouble;
  }
}

/**
 * One channel at 16 kHz.
 * @param {File} file
 * @returns {Promise<Float32Array>}
 */
export async function decoded(file) {
  if (file.size > MAX_BYTES) {
    throw new FileTrouble({
      title: interpolate(gettext("%(name)s is larger than %(megabytes)s MB."), { name: file.name, megabytes: MAX_BYTES / 1_000_000 }),
      advice: gettext("Split it into parts first."),
    });
  }
  // Decoding resamples to the rate of the context it is asked of.
  const context = new OfflineAudioContext(1, 1, RATE_HZ);
  try {
    return mixed(await context.decodeAudioData(await file.arrayBuffer()));
  } catch {
    throw new FileTrouble({
      title: interpolate(gettext("This browser cannot read %(name)s as audio."), { name: file.name }),
      advice: gettext("WAV, MP3, FLAC, Ogg and M4A work almost everywhere."),
    });
  }
}

/**
 * The mean of the channels; the loudest one where they cancel each other.
 * @param {AudioBuffer} buffer
 */
function mixed(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, channel) =>
    buffer.getChannelData(channel),
  );
  if (channels.length === 1) return channels[0];
  const sum = new Float32Array(buffer.length);
  for (const channel of channels) channel.forEach((sample, at) => (sum[at] += sample));
  const energies = channels.map(energy);
  const total = energies.reduce((all, each) => all + each, 0);
  if (energy(sum) < CANCELLED * total) {
    return channels[energies.indexOf(Math.max(...energies))];
  }
  return sum.map((sample) => sample / channels.length);
}

/** @param {Float32Array} samples */
function energy(samples) {
  return samples.reduce((sum, sample) => sum + sample * sample, 0);
}

/**
 * Send all of it, waiting whenever the socket has enough.
 * @param {Float32Array} samples
 * @param {import("./transcription.js").Transcription} transcription
 * @param {(seconds: number) => void} sent
 * @param {number} from Seconds; what is before was sent already.
 * @returns {Promise<boolean>} False when the connection ended first.
 */
export async function sendAll(samples, transcription, sent, from = 0) {
  for (let place = Math.floor(from * RATE_HZ); place < samples.length; place += FRAME_SAMPLES) {
    if (!(await transcription.room())) return false;
    const frame = toPcm16(samples.subarray(place, place + FRAME_SAMPLES));
    transcription.send(/** @type {ArrayBuffer} */ (frame.buffer));
    sent((place + frame.length) / RATE_HZ);
  }
  return true;
}

/** @param {Float32Array} samples */
export function secondsOf(samples) {
  return samples.length / RATE_HZ;
}
