// The Speak page: text in, speech out.

import { saveAs } from "./files.js";
import { inMilliseconds } from "./format.js";
import { gettext } from "./i18n.js";
import { byId, showNotice } from "./page.js";
import { toFloat, wavFile } from "./pcm.js";
import { PlayerView } from "./player-view.js";
import { Player } from "./player.js";
import { remember } from "./recent.js";
import { showRecent, startRecentList } from "./recent-list.js";
import { RequestFailed } from "./server.js";
import { offerCode } from "./speak-code.js";
import { SpeakForm } from "./speak-form.js";
import { receiveFile, receiveSpeech } from "./speech.js";
import { SpokenText } from "./spoken-text.js";
import { Take } from "./take.js";

/** @typedef {import("./recent.js").Spoken} Spoken */
/** @typedef {import("./speech.js").SpeechWish} SpeechWish */

const STATUS_WORDS = { playing: gettext("Speaking"), paused: gettext("Paused"), ended: gettext("Done") };

const form = new SpeakForm();
const view = new PlayerView();
const spokenText = new SpokenText(byId("spoken-text"));

/** @type {Take|null} */
let take = null;
/** @type {Player|null} */
let player = null;

function speak() {
  if (!byId("speak").disabled && form.check()) receive(form.wish, true);
}

/**
 * Ask for speech and play it while it comes.
 * @param {SpeechWish} wish
 * @param {boolean} keep Whether it belongs to the recent ones.
 */
async function receive(wish, keep) {
  const mine = new Take(wish);
  begin(mine, wish.llm ? gettext("Thinking") : gettext("Generating speech"));
  try {
    await receiveSpeech(wish, handlersFor(mine), mine.request.signal);
  } catch (error) {
    if (mine !== take || mine.request.signal.aborted) return;
    failed(error);
  }
  if (mine === take) await finish(mine, keep);
}

/**
 * @param {Take} mine
 * @param {string} status
 */
function begin(mine, status) {
  take?.request.abort();
  player?.stop();
  [take, player] = [mine, null];
  showNotice(byId("notice"), null);
  view.clear();
  byId("spoken-title").textContent = mine.wish.llm ? gettext("Answer") : gettext("Spoken text");
  spokenText.show(mine.said);
  byId("first-sound").textContent = "–";
  showStatus(status);
  showButtons();
}

/** @param {Take} mine */
function handlersFor(mine) {
  return {
    onRate(/** @type {number} */ rate) {
      mine.rate = rate;
      startPlayer(mine);
    },
    onSamples(/** @type {Int16Array} */ samples) {
      mine.add(samples);
      const heard = toFloat(samples);
      player?.add(heard);
      view.add(heard, mine.rate);
    },
    onText(/** @type {string} */ more) {
      mine.said += more;
      spokenText.show(mine.said);
      spokenText.time(mine.times);
    },
    onClause(/** @type {string} */ text, /** @type {number} */ start) {
      mine.times.addClause(text, start);
      spokenText.time(mine.times);
    },
    onWords(/** @type {import("./word-times.js").SpokenWord[]} */ words) {
      mine.times.addWords(words);
      spokenText.time(mine.times);
    },
  };
}

/** @param {Take} mine */
function startPlayer(mine) {
  const started = (player = new Player(mine.rate, view.speed));
  started.onFirstSound = (delayMs) => {
    if (!mine.isComplete) byId("first-sound").textContent = inMilliseconds(performance.now() - mine.pressed + delayMs);
    showStatus(gettext("Speaking"));
  };
  started.onChange = () => {
    if (player !== started) return;
    showStatus(STATUS_WORDS[started.state]);
    view.refresh();
    showButtons();
  };
  view.open(started);
  showButtons();
}

/**
 * @param {Take} mine
 * @param {boolean} keep
 */
async function finish(mine, keep) {
  mine.complete();
  player?.complete();
  view.complete();
  spokenText.time(mine.times, mine.duration);
  if (!mine.samples.length) drop();
  showButtons();
  if (keep && mine.samples.length) {
    await remember(mine.toSpoken()).catch(() => {});
    await showRecent(replay);
  }
}

/** There is nothing to play. */
function drop() {
  [take, player] = [null, null];
  view.clear();
}

/** @param {unknown} error */
function failed(error) {
  const unexpected = {
    title: gettext("This audio could not be played."),
    advice: gettext("Reload the page and try again."),
  };
  if (!(error instanceof RequestFailed)) console.error(error);
  showNotice(byId("notice"), error instanceof RequestFailed ? error.trouble : unexpected);
  byId("notice").scrollIntoView({ block: "nearest" });
  showStatus(gettext("Failed"));
}

/** End the request and the sound; what has arrived can still be played. */
function stop() {
  const focused = document.activeElement === byId("stop");
  const isPart = take !== null && !take.isComplete;
  take?.request.abort();
  player?.stop();
  if (isPart && take?.samples.length) {
    player?.complete();
    take.complete();
    view.complete();
    spokenText.time(take.times, take.duration);
  } else if (isPart) {
    drop();
  }
  showStatus(gettext("Stopped"));
  showButtons();
  if (focused) byId("speak").focus();
}

/** @param {Spoken} spoken */
function replay(spoken) {
  const mine = Take.from(spoken);
  begin(mine, gettext("Speaking"));
  spokenText.time(mine.times, mine.duration);
  startPlayer(mine);
  const heard = toFloat(mine.samples);
  player?.add(heard);
  view.add(heard, mine.rate);
  player?.complete();
  view.complete();
}

async function download() {
  if (!take) return;
  const { reply, voice, speaker, speed, rate, samples } = take.toSpoken();
  const format = byId("format").value;
  const name = `speech.${format === "opus" ? "ogg" : format}`;
  if (format === "wav") return saveAs(wavFile(samples, rate), name);
  if (format === "pcm") return saveAs(new Blob([samples]), name);
  byId("download").disabled = true;
  try {
    saveAs(await receiveFile({ text: reply, voice, speaker, speed, llm: false }, format), name);
  } catch (error) {
    failed(error);
  }
  showButtons();
}

/** @param {string} words */
function showStatus(words) {
  byId("status").textContent = words;
}

function showButtons() {
  const works = take !== null && !take.isComplete;
  byId("stop").disabled = !works && (player?.state ?? "ended") === "ended";
  byId("download").disabled = !take?.isComplete;
}

async function loadVoices() {
  try {
    if (!(await form.loadVoices())) {
      showNotice(byId("notice"), {
        title: gettext("No voice is installed."),
        advice: gettext("Run `manage.py voices download en_US-joe-medium` on the server, then load this page again."),
      });
      return;
    }
    byId("speak").disabled = false;
    byId("sample").disabled = false;
  } catch (error) {
    failed(error);
    showStatus(gettext("Not available"));
  }
}

view.onPosition = (seconds) => spokenText.moveTo(seconds);
spokenText.onChoose = (seconds) => view.seek(seconds);
byId("speak").addEventListener("click", speak);
byId("stop").addEventListener("click", stop);
byId("download").addEventListener("click", download);
byId("sample").addEventListener("click", () => receive(form.sample, false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  }
});

view.clear();
offerCode(() => form.wish);
startRecentList(replay);
loadVoices();
