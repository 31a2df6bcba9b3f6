// One kept conversation in the list: its title, what was said, and what can be done with it.

import { rememberChoice, rememberedChoices } from "./choices.js";
import { FILES, factsOf, fileName, speakerOf, titleOf } from "./conversation-files.js";
import { saveAs } from "./files.js";
import { gettext } from "./i18n.js";
import { byId, make } from "./page.js";

/** @typedef {import("./kept-conversations.js").KeptConversation} KeptConversation */

/**
 * @typedef {object} CardHandlers
 * @property {(card: ConversationCard) => void} onRemove
 * @property {(card: ConversationCard) => void} onRename It has another name.
 * @property {(card: ConversationCard) => void} onContinue
 */

let count = 0;

export class ConversationCard {
  element;
  conversation;

  /**
   * @param {KeptConversation} conversation
   * @param {CardHandlers} handlers
   */
  constructor(conversation, handlers) {
    this.conversation = conversation;
    const template = /** @type {HTMLTemplateElement} */ (byId("conversation-template"));
    this.element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    const id = `conversation-${(count += 1)}`;
    this.part("title").id = id;
    this.element.setAttribute("aria-labelledby", id);
    for (const control of this.element.querySelectorAll(".actions > *")) control.setAttribute("aria-describedby", id);
    this.part("lines").setAttribute("aria-labelledby", id);
    this.part("format").value = String(rememberedChoices("talk").format ?? "txt");
    if (!this.part("format").value) this.part("format").value = "txt";
    this.#listen(handlers);
    this.changed();
  }

  /**
   * @param {string} name
   * @returns {any}
   */
  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  get title() {
    return titleOf(this.conversation);
  }

  /** @param {boolean} current Whether it is the one that is held now, which stands above. */
  setCurrent(current) {
    this.element.toggleAttribute("data-current", current);
    this.part("toggle").disabled = current;
    if (current) this.close();
  }

  close() {
    delete this.element.dataset.open;
    this.part("toggle").setAttribute("aria-expanded", "false");
  }

  /** Show what the conversation now is. */
  changed() {
    this.part("title").textContent = this.title;
    this.part("facts").textContent = factsOf(this.conversation);
  }

  /** @param {CardHandlers} handlers */
  #listen(handlers) {
    this.part("toggle").addEventListener("click", () => this.#toggle());
    this.part("remove").addEventListener("click", () => handlers.onRemove(this));
    this.part("continue").addEventListener("click", () => handlers.onContinue(this));
    this.part("download").addEventListener("click", () => this.#download());
    this.part("format").addEventListener("change", () => rememberChoice("talk", "format", this.part("format").value));
    this.part("rename").addEventListener("click", () => this.#startNaming());
    this.part("naming").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.conversation.name = this.part("name").value.trim();
      this.#endNaming();
      handlers.onRename(this);
    });
    this.part("naming").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#endNaming();
    });
    this.part("cancel").addEventListener("click", () => this.#endNaming());
  }

  #startNaming() {
    this.element.dataset.naming = "";
    this.part("name").value = this.title;
    this.part("name").focus();
    this.part("name").select();
  }

  #endNaming() {
    delete this.element.dataset.naming;
    this.changed();
    this.part("rename").focus();
  }

  #toggle() {
    if (this.element.dataset.open !== undefined) return this.close();
    this.element.dataset.open = "";
    this.part("toggle").setAttribute("aria-expanded", "true");
    this.part("lines").replaceChildren(...this.conversation.lines.map(lineOf));
    return undefined;
  }

  #download() {
    const format = this.part("format").value;
    const { type, write } = FILES[format];
    saveAs(new Blob([write(this.conversation)], { type }), fileName(this.conversation, format));
  }
}

/** @param {import("./kept-conversations.js").KeptLine} line */
function lineOf({ role, text, complete }) {
  const words = make("p", "talk-words", text);
  if (!complete) words.append(" —", make("span", "tag", gettext("interrupted")));
  const element = make("article", "talk-line", make("h4", "talk-who", speakerOf(role)), words);
  element.dataset.role = role;
  return element;
}
