// The current choice as a command and as a program, for the buttons that copy it.

import { address } from "./address.js";
import { asCurl, asPython, KEY } from "./copy-as.js";
import { byId } from "./page.js";

/** @typedef {import("./speech.js").SpeechWish} SpeechWish */

const USUAL_TEXT = "Hello world";

/** @param {() => SpeechWish} wish */
export function offerCode(wish) {
  const writers = { "code-curl": asCurl, "code-python": asPython };
  for (const [id, write] of Object.entries(writers)) {
    // Before the click reaches the document, where the text is copied.
    document.querySelector(`[data-copy="${id}"]`)?.addEventListener("click", () => {
      byId(id).dataset.text = write(callFor(wish()));
    });
  }
}

/**
 * @param {SpeechWish} wish
 * @returns {import("./copy-as.js").Call}
 */
function callFor({ text, ...choices }) {
  const format = byId("format").value;
  const needsKey = byId("code-curl").dataset.needsKey !== undefined;
  return {
    method: "POST",
    address: location.origin + address("/tts"),
    headers: needsKey ? { Authorization: `Bearer ${KEY}` } : undefined,
    json: { text: text || USUAL_TEXT, ...choices, format },
    output: `speech.${format === "opus" ? "ogg" : format}`,
  };
}
