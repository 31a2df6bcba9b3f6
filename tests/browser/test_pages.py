"""Every page in every width and theme: nothing breaks, nothing is out of reach."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from common.product import NAME
from tests.browser.watching import scrolls_sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.model]

PAGES = ["/", "/speak/", "/listen/", "/monitor/", "/configuration/", "/api/"]
WIDTHS = [390, 768, 1440]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_it_fits_and_is_accessible(
    visit: Callable[..., Page], path: str, theme: str
) -> None:
    page = visit(path, theme=theme)
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=20_000)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not scrolls_sideways(page), f"{path} scrolls sideways at {width}"
        assert violations(page) == [], f"{path} at {width}"


def test_it_sends_a_strict_policy(visit: Callable[..., Page]) -> None:
    page = visit("/speak/")
    response = page.goto(page.url)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert not re.search(r"\sstyle=|\son\w+=|<script>|<style", page.content()), (
        "a page has an inline script or style"
    )


def test_it_keeps_the_chosen_theme(visit: Callable[..., Page]) -> None:
    page = visit("/", theme="light")
    page.get_by_role("button", name="Switch to the dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(page.url + "speak/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Switch to the light theme")).to_be_visible()


def test_it_opens_the_parts_from_the_state(visit: Callable[..., Page]) -> None:
    page = visit("/listen/")
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=20_000)
    page.locator("#state").press("Enter")
    parts = page.locator("#state-parts")
    expect(parts).to_be_visible()
    expect(parts).to_contain_text("Speech to text")
    expect(parts).to_contain_text("tiny.en")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(parts).to_be_hidden()


def test_it_skips_to_the_content(visit: Callable[..., Page]) -> None:
    page = visit("/monitor/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_it_reaches_every_page_on_a_phone(visit: Callable[..., Page]) -> None:
    page = visit("/", width=390)
    page.get_by_role("link", name="Listen", exact=True).click()
    expect(page).to_have_title(f"Listen · {NAME}")
    page.get_by_role("button", name="More").click()
    page.locator("#more-pages").get_by_role("link", name="Configuration").click()
    expect(page).to_have_title(f"Configuration · {NAME}")


def test_it_copies_a_line(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the curl command that speaks").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl -s http://127.0.0.1:")
    assert copied.endswith("-o hello.wav")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_copies_the_settings_for_other_software(
    visit: Callable[..., Page], width: int
) -> None:
    page = visit("/api/", width=width)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name in ("Open WebUI", "LibreChat", "OpenAI SDK for Python"):
        page.locator("summary", has_text=name).click()
    assert not scrolls_sideways(page)
    assert violations(page) == []
    page.get_by_role("button", name="Copy the settings for Open WebUI").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("AUDIO_STT_ENGINE=openai\n")
    assert copied.endswith("AUDIO_TTS_VOICE=alloy")
