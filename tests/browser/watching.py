"""A browser page whose mistakes are written down."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response

from common.config import project_dir

AXE = project_dir() / "tests" / "data" / "axe-core-4.14.1" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN_AXE = """
async (chosen) => {
  const found = await axe.run(document, { runOnly: chosen });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.target)}`);
}
"""


@dataclass
class Watch:
    """What went wrong on a page, and where it went for it."""

    host: str
    troubles: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"threw {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends what it was asking for; that is no failure.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.troubles.append(f"failed: {request.url} {request.failure}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.troubles.append(f"external request: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status} for {response.url}")


PATIENCE_MS = 60_000
_STEP_MS = 50


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Return once it holds. Meanwhile the page's events are handled, which a sleep would
    not do; the pages' policy forbids `wait_for_function`."""
    for _ in range(PATIENCE_MS // _STEP_MS):
        if holds():
            return
        page.wait_for_timeout(_STEP_MS)
    raise AssertionError("it did not happen in time")


_KEEP_SHOWN = """(element) => {
  element.shown = [element.textContent];
  const watched = { childList: true, characterData: true, subtree: true };
  new MutationObserver(() => element.shown.push(element.textContent)).observe(element, watched);
}"""


class Shown:
    """Every text that an element has had since. `expect` looks once a second in the end,
    and can miss what is there for a second or two, such as a step of a countdown."""

    def __init__(self, page: Page, selector: str) -> None:
        self._page = page
        self._element = page.locator(selector)
        self._element.evaluate(_KEEP_SHOWN)

    def wait_for(self, words: str) -> None:
        """Until one of the texts has contained the words, which may be a pattern."""
        until(self._page, lambda: any(re.search(words, each) for each in self.texts))

    @property
    def texts(self) -> list[str]:
        found: list[str] = self._element.evaluate("(element) => element.shown")
        return found


_KEPT = """(name) => new Promise((resolve) => {
  const opened = indexedDB.open("voice-server");
  opened.onsuccess = () => {
    const all = opened.result.transaction(name).objectStore(name).getAll();
    all.onsuccess = () => {
      opened.result.close();
      resolve(all.result.map((each) => ({ ...each, audio: undefined })));
    };
  };
})"""


def kept(page: Page, name: str) -> list[dict[str, Any]]:
    """What the browser has written into one of the pages' stores. A page shows a change
    before it is written, and leaving the page at once would lose it."""
    found: list[dict[str, Any]] = page.evaluate(_KEPT, name)
    return found


def violations(page: Page, *chosen: str) -> list[str]:
    """What axe finds, each with the elements concerned: by all rules, or these."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_RUN_AXE, list(chosen) or AXE_RULES)
    return found


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


_STICKS_OUT = """
(element) => [element, ...element.querySelectorAll("*")].some((each) => {
  const box = each.getBoundingClientRect();
  return box.width > 1 && box.right > innerWidth + 1;
})
"""


def sticks_out(page: Page, selector: str) -> bool:
    """Whether anything below the element goes beyond the right edge of the page."""
    return bool(page.locator(selector).evaluate(_STICKS_OUT))


_LAYOUT_SHIFT = """
() => new Promise((resolve) => {
  let sum = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  });
  observer.observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 100);
})
"""
MOST_LAYOUT_SHIFT = 0.05


def layout_shift(page: Page) -> float:
    """How much has moved by itself since the page was opened, all in all."""
    return float(page.evaluate(_LAYOUT_SHIFT))
