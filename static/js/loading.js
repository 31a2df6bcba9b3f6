// Waits until the server has loaded its models, then opens the page that was asked for.

import { gettext } from "./i18n.js";
import { byId, showNotice } from "./page.js";

const PERIOD_MS = 1_000;

async function look() {
  const response = await fetch(location.href, {
    headers: { Accept: "text/html" },
    cache: "no-store",
  });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const parts = page.getElementById("loading-parts");
  if (!parts) return location.reload();
  showNotice(byId("loading-notice"), null);
  byId("loading-parts").replaceChildren(...parts.children);
}

async function lookAgainAndAgain() {
  try {
    await look();
  } catch {
    showNotice(byId("loading-notice"), {
      title: gettext("The server does not answer."),
      advice: gettext("If it does not come back, its terminal or its log says why."),
    });
  }
  setTimeout(lookAgainAndAgain, PERIOD_MS);
}

setTimeout(lookAgainAndAgain, PERIOD_MS);
