// The Speak page: text in, speech out.

import { saveAs } from "./files.js";
import { asClock, inMilliseconds, timeOfDay } from "./format.js";
import { announce, byId, icon, make, showNotice } from "./page.js";
import { joined, toFloat, wavFile } from "./pcm.js";
import { Player } from "./player.js";
import { forget, forgetAll, recentlySpoken, remember } from "./recent.js";
import { RequestFailed } from "./server.js";
import { receiveFile, receiveSpeech } from "./speech.js";
import { VoiceFields } from "./voices.js";
import { Waveform } from "./waveform.js";

/** @typedef {import("./recent.js").Spoken} Spoken */
/** @typedef {import("./speech.js").SpeechWish} SpeechWish */

const text = byId("text");
const limit = Number(text.dataset.limit);
const waveform = new Waveform(byId("wave"));
const voices = new VoiceFields();

/** @type {Player|null} */
let player = null;
/** @type {AbortController|null} */
let request = null;
/** What can be replayed and downloaded. @type {Spoken|null} */
let current = null;

/** @returns {SpeechWish} */
function wish() {
  return {
    text: text.value.trim(),
    speed: Number(byId("speed").value),
    llm: byId("llm").checked,
    ...voices.chosen,
  };
}

function speak() {
  const wanted = wish();
  if (!wanted.text) {
    showNotice(byId("notice"), { title: "There is no text.", advice: "Write something, then press Speak.", tone: "note" });
    text.focus();
  } else if (text.value.length > limit) {
    showNotice(byId("notice"), {
      title: `The text is longer than ${limit.toLocaleString("en")} characters.`,
      advice: "Shorten it, or split it into parts.",
    });
  } else {
    receive(wanted, true);
  }
}

/**
 * Ask for speech and play it while it comes.
 * @param {SpeechWish} wanted
 * @param {boolean} keep Whether it belongs to the recent ones.
 */
async function receive(wanted, keep) {
  stop();
  const pressed = performance.now();
  const mine = (request = new AbortController());
  /** @type {Int16Array[]} */
  const portions = [];
  let rate = 0;
  let reply = "";
  begin(wanted);
  const handlers = {
    onRate(/** @type {number} */ heard) {
      rate = heard;
      startPlayer(rate, pressed);
    },
    onSamples(/** @type {Int16Array} */ samples) {
      portions.push(samples);
      const heard = toFloat(samples);
      player?.add(heard);
      waveform.add(heard, rate);
    },
    onText(/** @type {string} */ more) {
      reply += more;
      byId("reply-text").textContent = reply;
    },
  };
  try {
    await receiveSpeech(wanted, handlers, mine.signal);
    if (reply) announce(reply);
  } catch (error) {
    if (mine.signal.aborted) return;
    failed(error);
  }
  player?.complete();
  if (request === mine) request = null;
  await finish(wanted, reply || wanted.text, joined(portions), rate, keep);
}

/** @param {SpeechWish} wanted */
function begin(wanted) {
  current = null;
  showNotice(byId("notice"), null);
  waveform.reset();
  byId("first-sound").textContent = "–";
  byId("length").textContent = "–";
  byId("reply").hidden = !wanted.llm;
  byId("reply-text").textContent = "";
  showStatus(wanted.llm ? "Thinking" : "Generating speech");
  showButtons();
}

/**
 * @param {number} rate
 * @param {number} [pressed] When the button was pressed, to say how long the first sound took.
 */
function startPlayer(rate, pressed) {
  const mine = (player = new Player(rate));
  mine.onFirstSound = (delay) => {
    showStatus("Speaking");
    if (pressed) byId("first-sound").textContent = inMilliseconds(performance.now() - pressed + delay);
    follow(mine);
  };
  mine.onEnd = () => {
    if (player !== mine) return;
    player = null;
    waveform.moveTo(0);
    showStatus(current ? "Done" : "Stopped");
    showButtons();
  };
  showButtons();
}

/**
 * Move the waveform with the sound.
 * @param {Player} mine
 */
function follow(mine) {
  if (player !== mine) return;
  waveform.moveTo(mine.position);
  byId("position").textContent = asClock(mine.position);
  requestAnimationFrame(() => follow(mine));
}

/**
 * @param {SpeechWish} wanted
 * @param {string} said
 * @param {Int16Array} samples
 * @param {number} rate
 * @param {boolean} keep
 */
async function finish(wanted, said, samples, rate, keep) {
  if (!samples.length) {
    player?.stop();
    showButtons();
    return;
  }
  current = { time: Date.now(), text: wanted.text, reply: said, voice: wanted.voice, speed: wanted.speed, rate, samples };
  showLength(samples.length / rate);
  if (!player) showStatus("Done");
  showButtons();
  if (keep) {
    await remember(current).catch(() => {});
    showRecent();
  }
}

/** @param {unknown} error */
function failed(error) {
  const unexpected = { title: "The page could not play this audio.", advice: String(error) };
  showNotice(byId("notice"), error instanceof RequestFailed ? error.trouble : unexpected);
  showStatus("Failed");
}

function stop() {
  const focused = document.activeElement === byId("stop");
  request?.abort();
  request = null;
  player?.stop();
  player = null;
  showButtons();
  if (focused) byId("speak").focus();
}

function replay() {
  if (!current) return;
  const spoken = current;
  stop();
  const heard = toFloat(spoken.samples);
  startPlayer(spoken.rate);
  player?.add(heard);
  player?.complete();
}

/** @param {Spoken} spoken */
function show(spoken) {
  stop();
  current = spoken;
  showNotice(byId("notice"), null);
  waveform.reset();
  waveform.add(toFloat(spoken.samples), spoken.rate);
  byId("first-sound").textContent = "–";
  showLength(spoken.samples.length / spoken.rate);
  const answered = spoken.reply !== spoken.text;
  byId("reply").hidden = !answered;
  byId("reply-text").textContent = answered ? spoken.reply : "";
  replay();
}

async function download() {
  if (!current) return;
  const spoken = current;
  const format = byId("format").value;
  const name = `speech.${format === "opus" ? "ogg" : format}`;
  if (format === "wav") return saveAs(wavFile(spoken.samples, spoken.rate), name);
  if (format === "pcm") return saveAs(new Blob([spoken.samples]), name);
  const wanted = { text: spoken.reply, voice: spoken.voice, speed: spoken.speed, llm: false };
  byId("download").disabled = true;
  try {
    saveAs(await receiveFile(wanted, format), name);
  } catch (error) {
    failed(error);
  }
  showButtons();
}

function playSample() {
  receive({ ...wish(), text: voices.sample, llm: false }, false);
}

/** @param {string} words */
function showStatus(words) {
  byId("status").textContent = words;
}

/** @param {number} seconds */
function showLength(seconds) {
  byId("length").textContent = `${seconds.toFixed(1)} s`;
}

function showButtons() {
  byId("stop").disabled = !request && !player;
  byId("replay").disabled = !current;
  byId("download").disabled = !current;
}

function showCount() {
  const count = text.value.length;
  const place = byId("count");
  place.textContent = `${count.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`;
  place.toggleAttribute("data-over", count > limit);
}

function showMode() {
  const asks = byId("llm").checked;
  byId("text-label").textContent = asks ? "Question" : "Text";
  text.placeholder = asks ? "Ask a question. The server speaks the language model's answer." : "Write the text to speak.";
}

async function showRecent() {
  const all = await recentlySpoken().catch(() => []);
  byId("recent-empty").hidden = all.length > 0;
  byId("recent").hidden = all.length === 0;
  byId("forget-all").hidden = all.length === 0;
  byId("recent").replaceChildren(...all.map(recentRow));
}

/** @param {Spoken} spoken */
function recentRow(spoken) {
  const play = make("button", "icon-button", icon("play"));
  play.setAttribute("aria-label", `Play: ${spoken.text.slice(0, 80)}`);
  play.addEventListener("click", () => show(spoken));
  const drop = make("button", "icon-button", icon("cross"));
  drop.setAttribute("aria-label", `Remove: ${spoken.text.slice(0, 80)}`);
  drop.addEventListener("click", async () => {
    await forget(Number(spoken.id));
    await showRecent();
    byId("recent-title").focus();
  });
  const seconds = spoken.samples.length / spoken.rate;
  const facts = `${timeOfDay(spoken.time)} · ${seconds.toFixed(1)} s · ${spoken.voice}`;
  const words = make("div", "row-words", make("p", "row-text", spoken.text), make("p", "row-facts", facts));
  return make("li", "row", play, words, drop);
}

async function loadVoices() {
  try {
    const count = await voices.load();
    if (count) {
      byId("speak").disabled = false;
      byId("sample").disabled = false;
      return;
    }
    showNotice(byId("notice"), {
      title: "No voice is installed.",
      advice: "Run `manage.py voices download en_US-joe-medium` on the server, then load this page again.",
    });
  } catch (error) {
    failed(error);
    showStatus("Not available");
  }
}

byId("speak").addEventListener("click", speak);
byId("stop").addEventListener("click", stop);
byId("replay").addEventListener("click", replay);
byId("download").addEventListener("click", download);
byId("sample").addEventListener("click", playSample);
byId("llm").addEventListener("change", showMode);
text.addEventListener("input", showCount);
byId("speed").addEventListener("input", () => {
  byId("speed-value").textContent = `${Number(byId("speed").value).toFixed(1)}×`;
});
byId("forget-all").addEventListener("click", async () => {
  await forgetAll();
  await showRecent();
  byId("recent-title").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !byId("speak").disabled) {
    event.preventDefault();
    speak();
  }
});

showCount();
showMode();
showRecent();
loadVoices();
