// Copying text, on the site and in the admin.

/**
 * Put text into the clipboard; pages without a secure context use the old way.
 * @param {string} text
 */
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("The browser does not allow copying.");
}
