"""The gallery of voices, and installing the pages as an app."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from common.product import NAME

pytestmark = [pytest.mark.browser, pytest.mark.model]

GALLERY = "/voices/gallery/"
PATIENCE_MS = 60_000


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
