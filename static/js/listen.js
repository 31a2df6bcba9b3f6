// The Listen page: a microphone or files in, text out.

import { watchDrops } from "./drops.js";
import { FileQueue, MOST_FILES } from "./file-queue.js";
import { gettext, interpolate } from "./i18n.js";
import { KeptAudio } from "./kept-audio.js";
import { KEPT_AUDIO_BYTES, KEPT_AUDIO_MB, KEPT_TRANSCRIPTS } from "./kept-transcripts.js";
import { chosenOptions, enableOptions, prepareOptions, showMicrophones } from "./listen-options.js";
import { LiveListening } from "./live.js";
import { MicrophonePanel } from "./microphone-panel.js";
import { microphoneTrouble } from "./microphone.js";
import { byId } from "./page.js";
import { wavOfPortions } from "./pcm.js";
import { TranscriptList } from "./transcript-list.js";

const RATE_HZ = 16_000;
const BYTES_PER_SECOND = 2 * RATE_HZ;
const LONGEST_TAKE_SECONDS = Math.floor(KEPT_AUDIO_BYTES / BYTES_PER_SECOND);

const mic = byId("mic");
const panel = new MicrophonePanel();
const list = new TranscriptList();
const files = new FileQueue(list, keepsAudio);
/** @type {{card: import("./transcript-card.js").TranscriptCard, audio: KeptAudio}|null} */
let take = null;
/** @type {import("./live.js").LiveState} */
let state = "idle";

const live = new LiveListening({
  onState: showState,
  onAudio: (pcm) => take?.audio.add(pcm),
  onLost(seconds) {
    take?.audio.settle(seconds);
    take?.audio.startAnew();
  },
  onLevel: (level) => panel.showLevel(level, live.seconds),
  onUtterance(utterance, latencyMs) {
    if (latencyMs !== undefined) panel.showLatency(latencyMs);
    if (!take) return;
    take.card.add(utterance);
    list.keep(take.card);
  },
  onPartial: (partial) => take?.card.showPartial(partial),
  onSpeech: (speaking) => (panel.speaking = speaking),
  onSettled: (seconds) => take?.card.settle(seconds),
  onLag: (milliseconds) => panel.showLag(milliseconds),
  onTrouble: (trouble) => panel.showTrouble(trouble),
  onCountdown: (trouble, seconds) => panel.showCountdown(trouble, seconds, () => live.connectNow(), () => live.stopTrying()),
});

/** @param {import("./live.js").LiveState} now */
function showState(now) {
  const before = state;
  state = now;
  panel.showState(now, live.stopped);
  enableOptions(now === "idle");
  if (now === "listening") showMicrophones();
  // At once with the press of the button, so that nothing moves by itself later.
  if (now === "finishing") take?.card.shrink();
  if (now === "idle") endTake(before === "finishing");
}

function toggle() {
  if (live.state !== "idle") return live.stop();
  const options = chosenOptions();
  panel.reset();
  scrollTo({ top: 0 });
  const recording = { file: "", time: Date.now(), seconds: 0, translated: Boolean(options.translate), utterances: [] };
  const [card] = list.begin([recording], true);
  card.goLive();
  take = { card, audio: new KeptAudio(LONGEST_TAKE_SECONDS) };
  return live.start(byId("device").value, options);
}

/** @param {boolean} complete Whether all that was said has been heard. */
function endTake(complete) {
  if (!take) return;
  const { card, audio } = take;
  take = null;
  card.recording.seconds = live.seconds;
  card.finish();
  if (!card.recording.utterances.length) {
    list.drop(card);
    if (complete) panel.showTrouble({ title: gettext("No speech was heard."), tone: "note" });
  } else if (audio.startSeconds > 0) {
    const minutes = Math.floor(LONGEST_TAKE_SECONDS / 60);
    card.showTrouble({ title: interpolate(gettext("Audio of more than %(minutes)s minutes is not kept; the text is."), { minutes }), tone: "note" });
    list.keep(card);
  } else {
    list.addAudio(card, wavOfPortions(audio.portions, RATE_HZ), keepsAudio());
  }
}

function keepsAudio() {
  return byId("keep-audio").checked;
}

/** @param {File[]} chosen */
function transcribe(chosen) {
  if (!chosen.length) return;
  const left = files.add(chosen, chosenOptions());
  if (!left) return;
  panel.showTrouble({ title: interpolate(gettext("At most %(count)s files can wait at once."), { count: MOST_FILES }), advice: gettext("Choose the others when these are done."), tone: "wait" });
}

function sayWhatIsKept() {
  const limits = { count: KEPT_TRANSCRIPTS, megabytes: KEPT_AUDIO_MB };
  byId("kept-here").textContent = interpolate(
    gettext("This browser keeps the latest %(count)s transcripts, and up to %(megabytes)s MB of their audio to play beside them, until you remove them."),
    limits,
  );
}

mic.addEventListener("click", toggle);
byId("unfold").addEventListener("click", () => panel.fold(byId("unfold").getAttribute("aria-expanded") === "true"));
byId("choose").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", () => {
  transcribe([...byId("file").files]);
  byId("file").value = "";
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || mic.disabled) return;
  event.preventDefault();
  toggle();
});
watchDrops(transcribe);
prepareOptions();
sayWhatIsKept();
list.load();
if (!navigator.mediaDevices) {
  mic.disabled = true;
  byId("state-words").textContent = gettext("No microphone available");
  panel.showTrouble(microphoneTrouble(null));
}
