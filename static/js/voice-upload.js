// Brings a voice to the server in small parts, so that no limit on bodies stands in the way.

import { gettext, interpolate } from "./i18n.js";

const PART_BYTES = 2 * 1024 * 1024;

const form = document.getElementById("voice-upload");
const progress = form.querySelector("progress");
const status = form.querySelector("[role=status]");
const trouble = form.querySelector("[role=alert]");
const button = form.querySelector("button");

async function post(step, values, body) {
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const query = new URLSearchParams(values);
  const answer = await fetch(`${step}/?${query}`, { method: "POST", headers, body });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error?.message ?? interpolate(gettext("The server answered with %(status)s."), { status: answer.status }));
  return told;
}

async function send(upload, kind, file, sent, total) {
  for (let offset = 0; offset < file.size; offset += PART_BYTES) {
    const part = file.slice(offset, offset + PART_BYTES);
    await post("part", { upload, kind, offset }, part);
    progress.value = (sent + offset + part.size) / total;
  }
}

async function bring(onnx, config) {
  const { upload } = await post("begin", {});
  const total = onnx.size + config.size;
  await send(upload, "config", config, 0, total);
  await send(upload, "onnx", onnx, config.size, total);
  status.textContent = gettext("Validating and testing the voice…");
  return post("finish", { upload, name: onnx.name.replace(/\.onnx$/, "") });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.ariaDisabled === "true") return;
  // Not `disabled`, which would take the focus away.
  button.ariaDisabled = "true";
  progress.hidden = false;
  status.textContent = gettext("Uploading…");
  trouble.textContent = "";
  try {
    const voice = await bring(form.elements.onnx.files[0], form.elements.config.files[0]);
    status.textContent = interpolate(gettext("%(name)s is installed."), { name: voice.name });
    location.href = form.dataset.home;
  } catch (error) {
    status.textContent = "";
    trouble.textContent = error.message;
    progress.hidden = true;
  } finally {
    button.ariaDisabled = "false";
  }
});
