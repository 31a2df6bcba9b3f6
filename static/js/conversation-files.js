// A conversation as a file: plain text, Markdown and JSON.

import { gettext, interpolate, language, ngettext } from "./i18n.js";

/** @typedef {import("./kept-conversations.js").KeptConversation} KeptConversation */
/** @typedef {import("./kept-conversations.js").KeptLine} KeptLine */

const NAMED_CHARACTERS = 80;

/** @param {KeptConversation} conversation */
export function titleOf({ name, lines }) {
  const first = lines.find((line) => line.role === "user")?.text ?? "";
  const short = first.length > NAMED_CHARACTERS ? `${first.slice(0, NAMED_CHARACTERS).trimEnd()}…` : first;
  return name || short || gettext("Conversation");
}

/**
 * When, and how long.
 * @param {KeptConversation} conversation
 */
export function factsOf({ time, lines }) {
  const count = lines.filter((line) => line.role === "user").length;
  const turns = interpolate(ngettext("%(count)s turn", "%(count)s turns", count), { count });
  return `${momentOf(time)} · ${turns}`;
}

/** @param {KeptLine["role"]} role */
export function speakerOf(role) {
  return role === "user" ? gettext("You") : gettext("Reply");
}

/** @type {Record<string, {type: string, write: (conversation: KeptConversation) => string}>} */
export const FILES = {
  txt: { type: "text/plain", write: ({ lines }) => lines.map((line) => `${speakerOf(line.role)}: ${heardOf(line)}\n`).join("\n") },
  md: { type: "text/markdown", write: markdown },
  json: { type: "application/json", write: json },
};

/**
 * @param {KeptConversation} conversation
 * @param {string} extension
 */
export function fileName({ time }, extension) {
  const stamp = new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString();
  return `conversation-${stamp.slice(0, 10)}-${stamp.slice(11, 19).replaceAll(":", "")}.${extension}`;
}

/** @param {KeptConversation} conversation */
function markdown(conversation) {
  const said = conversation.lines.map((line) => `**${speakerOf(line.role)}:** ${heardOf(line)}\n`);
  return [`# ${titleOf(conversation)}\n`, `${momentOf(conversation.time)}\n`, ...said].join("\n");
}

/** @param {KeptConversation} conversation */
function json(conversation) {
  const lines = conversation.lines.map(({ role, text, complete, stages }) => ({ role, text, complete, ...(stages && { stages_ms: stages }) }));
  const file = { title: titleOf(conversation), began_at: new Date(conversation.time).toISOString(), lines };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * A dash ends an interrupted reply.
 * @param {KeptLine} line
 */
function heardOf({ text, complete }) {
  return complete ? text : `${text} —`;
}

/** @param {number} time */
function momentOf(time) {
  return new Date(time).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}
