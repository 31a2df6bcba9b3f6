"""The gallery of voices, and what all pages of speech promise: nothing moves or overflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from common.product import NAME
from tests.browser.watching import scrolls_sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.model]

GALLERY = "/voices/gallery/"
PATIENCE_MS = 60_000
MOST_SHIFT = 0.05
_WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def test_it_plays_a_sample_and_takes_the_voice_to_speak(
    visit: Callable[..., Page],
) -> None:
    page = visit(GALLERY)
    card = page.locator(".voice-card").first
    name = card.get_attribute("data-voice") or ""
    play = card.get_by_role("button", name="Play sample")
    play.click()
    expect(card.get_by_role("button", name="Stop")).to_be_visible()
    expect(play).to_be_visible(timeout=PATIENCE_MS)
    play.click()
    card.get_by_role("button", name="Stop").click()
    expect(play).to_be_visible()
    card.get_by_role("link", name="Use on Speak").click()
    expect(page.locator("#voice")).to_have_value(name)
    page.get_by_role("link", name="All voices").click()
    expect(page).to_have_title(f"Voices · {NAME}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/speak/", GALLERY, "/admin/login/"])
def test_it_fits_with_large_text_and_nothing_moves(
    visit: Callable[..., Page], path: str, theme: Any
) -> None:
    page = visit("/api/", width=390, theme=theme)
    page.add_init_script(_WATCH_SHIFTS)
    page.goto(page.url.replace("/api/", path))
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=20_000)
    assert page.evaluate("window.shifted") < MOST_SHIFT
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == [], f"{path} at {width}"
        assert not scrolls_sideways(page), f"{path} at {width}"
    page.set_viewport_size({"width": 390, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.getElementById('main').scrollWidth <= innerWidth"), (
        f"{path} overflows with large text"
    )


def test_the_pages_can_be_installed(visit: Callable[..., Page]) -> None:
    page = visit("/")
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getInstallabilityErrors")
    # A private window never installs anything.
    reasons = [each["errorId"] for each in found["installabilityErrors"]]
    assert [reason for reason in reasons if reason != "in-incognito"] == []
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
