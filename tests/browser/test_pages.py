"""Every page in both widths and themes: nothing breaks, moves, or is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from common.product import NAME
from tests.browser.watching import (
    MOST_LAYOUT_SHIFT,
    Watch,
    layout_shift,
    scrolls_sideways,
    violations,
)
from tests.server_process import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.model]

NOWHERE = "/nowhere/"
PAGES = [
    *("/", "/speak/", "/voices/gallery/", "/listen/", "/talk/"),
    *("/monitor/", "/configuration/", "/api/", "/api/docs"),
    *("/admin/login/", NOWHERE),
]
WIDTHS = [390, 1440]
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"


@pytest.mark.parametrize("path", PAGES)
def test_it_stands_still_fits_and_is_accessible(
    browser: Browser, server: RunningServer, path: str
) -> None:
    watch = Watch(urlsplit(server.url).netloc)
    for width in WIDTHS:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="light"
        )
        page = context.new_page()
        watch.over(page)
        page.goto(server.url + path)
        settled(page)
        assert layout_shift(page) < MOST_LAYOUT_SHIFT, f"{path} moves at {width}"
        assert violations(page) == [], f"{path} at {width}"
        page.emulate_media(color_scheme="dark")
        dark = violations(page, "color-contrast")
        assert dark == [], f"{path} at {width}, dark"
        assert not scrolls_sideways(page), f"{path} scrolls sideways at {width}"
        page.evaluate(LARGE_TEXT)
        assert not scrolls_sideways(page), f"{path}: large text at {width}"
        context.close()
    # The browser reports the status of the page that is not there.
    troubles = [each for each in watch.troubles if " 404 " not in f" {each} "]
    assert troubles == []


def settled(page: Page) -> None:
    """Waits until the page has drawn what the server knows."""
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=20_000)
    if "/monitor/" in page.url:
        expect(page.locator("#figure-errors .figure-value")).not_to_have_text("–")
    if "/api/docs" in page.url:
        expect(page.locator(".opblock").first).to_be_visible()
    page.wait_for_timeout(300)


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_it_fits_a_phone_in_every_language(
    visit: Callable[..., Page], server: RunningServer, language: str
) -> None:
    page = visit("/", width=390)
    page.get_by_role("button", name="Language").click()
    page.locator(f"[data-language={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    for path in PAGES[:-1]:
        page.goto(server.url + path)
        expect(page.locator("#state")).to_have_attribute("data-state", "ready")
        assert not scrolls_sideways(page), f"{path} scrolls sideways in {language}"
    assert violations(page) == []


def test_its_frame_works_with_the_keyboard_and_keeps_the_theme(
    visit: Callable[..., Page],
) -> None:
    page = visit("/monitor/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=20_000)
    page.locator("#state").press("Enter")
    parts = page.locator("#state-parts")
    expect(parts).to_be_visible()
    expect(parts).to_contain_text("tiny.en")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(parts).to_be_hidden()
    page.get_by_role("button", name="Switch to the dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Switch to the light theme")).to_be_visible()


def test_it_reaches_every_page_on_a_phone(visit: Callable[..., Page]) -> None:
    page = visit("/", width=390)
    page.get_by_role("link", name="Listen", exact=True).click()
    expect(page).to_have_title(f"Listen · {NAME}")
    page.get_by_role("button", name="More").click()
    page.locator("#more-pages").get_by_role("link", name="Configuration").click()
    expect(page).to_have_title(f"Configuration · {NAME}")
    # What has the focus is not hidden by the bar of pages at the bottom.
    page.locator("summary").nth(8).focus()
    bar = page.locator(".site-nav").bounding_box()
    focused = page.locator(":focus").bounding_box()
    assert bar is not None and focused is not None
    assert focused["y"] + focused["height"] <= bar["y"]


def test_it_copies_a_line(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: curl command that speaks").click()
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
