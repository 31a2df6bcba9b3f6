// The Talk page: a spoken conversation with the language model.

import { ConversationList } from "./conversation-list.js";
import { gettext } from "./i18n.js";
import { announce, byId } from "./page.js";
import { TalkLog } from "./talk-log.js";
import { chosenSession, prepareOptions, showDevices } from "./talk-options.js";
import { TalkPanel } from "./talk-panel.js";
import { TalkSession, talkTrouble } from "./talk-session.js";

const panel = new TalkPanel();
const log = new TalkLog();
const list = new ConversationList({ onCurrentRemoved: clear, onContinue: goOn });
const text = byId("text");
const button = byId("talk");
/** @type {import("./conversation.js").Turn} */
let turn = "listening";

const session = new TalkSession({
  onPhase: showPhase,
  onTurn(now) {
    turn = now;
    show();
  },
  onLevel: (level) => panel.showLevel(level),
  onCaption: (item, words) => log.caption(item, words),
  onSaid(item, words) {
    log.said(item, words);
    keep();
    show();
  },
  onRemoved(item) {
    log.remove(item);
    keep();
  },
  onReply: (item) => log.reply(item),
  onClause: (item, startMs, words) => log.clause(item, startMs, words),
  onHeard: (item, ms) => log.heard(item, ms),
  onReplied(item, words, complete) {
    log.replied(item, words, complete);
    keep();
  },
  onPlayedOut: (item) => log.playedOut(item),
  onCut(item) {
    log.cut(item);
    keep();
  },
  onStages(item, stages) {
    log.stages(item, stages);
    keep();
  },
  onItems(items) {
    log.correct(items);
    keep();
  },
  onTrouble: (trouble) => panel.showTrouble(trouble),
  onCountdown: (trouble, seconds) => panel.showCountdown(trouble, seconds, () => session.connectNow(), stopTrying),
}, chosenSession, () => log.items);

/** @param {import("./talk-session.js").Phase} phase */
function showPhase(phase) {
  if (phase === "on") {
    showDevices().then(useOutput);
  } else {
    turn = "listening";
    log.settle();
    keep();
  }
  show();
}

function keep() {
  list.keep(log.lines);
}

function show() {
  panel.show(session.phase, turn, session.hears, byId("half-duplex").checked);
  byId("stop").disabled = !session.hasReply;
  byId("talk-empty").hidden = !log.isEmpty;
  byId("clear").disabled = log.isEmpty;
}

function useOutput() {
  session.changeOutput(byId("output").value);
}

function toggle() {
  if (session.hears || session.phase === "opening" || session.phase === "waiting") return end();
  return session.start(byId("device").value);
}

function end() {
  session.end();
  panel.showTrouble(null);
}

function stopTrying() {
  end();
  button.focus();
}

function write() {
  const words = text.value.trim();
  if (!words) return text.focus();
  const id = `item_${crypto.getRandomValues(new Uint32Array(3)).join("")}`;
  text.value = "";
  log.said(id, words);
  keep();
  session.write(id, words);
  show();
  return undefined;
}

/** Begin a new conversation, without the context of this one. */
function clear() {
  session.end();
  list.endCurrent();
  log.clear();
  panel.showTrouble(null);
  show();
  announce(gettext("A new conversation begins."));
  button.focus();
}

/** @param {import("./kept-conversations.js").KeptConversation} conversation An earlier one. */
function goOn({ lines }) {
  session.end();
  list.endCurrent();
  log.load(lines);
  panel.showTrouble(null);
  show();
  byId("talk-card").scrollIntoView({ block: "nearest" });
  announce(gettext("The conversation goes on above."));
  button.focus();
}

button.addEventListener("click", toggle);
byId("stop").addEventListener("click", () => session.stopReply());
byId("clear").addEventListener("click", clear);
byId("write").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  write();
});
text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  event.preventDefault();
  write();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && session.hasReply) session.stopReply();
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || button.disabled) return;
  event.preventDefault();
  toggle();
});
byId("device").addEventListener("change", () => session.changeMicrophone(byId("device").value));
byId("output").addEventListener("change", useOutput);
list.load();
prepareOptions(() => session.update());
if (!navigator.mediaDevices) {
  button.disabled = true;
  panel.showTrouble(talkTrouble(null));
}
