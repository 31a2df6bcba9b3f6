"""The Listen page: microphone, files, and each failure in its own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from websockets.sync.client import connect

from tests.browser.conftest import OTHER_HOST, SPOKEN
from tests.browser.watching import (
    MOST_LAYOUT_SHIFT,
    PATIENCE_MS,
    kept,
    layout_shift,
    sticks_out,
    until,
    violations,
)
from tests.server_process import RunningServer
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.browser, pytest.mark.model]


def heard(page: Page) -> str:
    return " ".join(page.locator(".utterance").all_inner_texts())


def card(page: Page, title: str) -> Locator:
    """The transcript with this title."""
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator(".transcript-card", has=heading)


def until_transcribed(page: Page) -> None:
    expect(page.locator(".transcript-card").first).to_be_visible()
    expect(page.locator(".transcript-card[data-running]")).to_have_count(
        0, timeout=PATIENCE_MS
    )


def saved(card: Locator, extension: str, name: str = "speech") -> str:
    card.get_by_label("Format of the download").select_option(extension)
    with card.page.expect_download() as download:
        card.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"{name}.{extension}"
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_it_writes_down_the_microphone_on_a_phone(visit: Callable[..., Page]) -> None:
    page = visit("/listen/", width=390)
    expect(page.locator("#transcripts-empty")).to_be_visible()
    page.get_by_role("button", name="Start listening").click()
    expect(page.locator("#state-words")).to_have_text("Listening", timeout=PATIENCE_MS)
    take = card(page, "Microphone")
    expect(take).to_contain_text(
        re.compile("folder", re.IGNORECASE), timeout=PATIENCE_MS
    )
    # The text stands between the button and the pages, and nothing else does.
    expect(page.locator("#device")).to_be_hidden()
    text = take.locator(".transcript-text").bounding_box()
    mic = page.locator(".listen-card").bounding_box()
    pages = page.locator(".site-nav").bounding_box()
    assert text is not None and mic is not None and pages is not None
    assert mic["y"] + mic["height"] <= text["y"] < 300
    assert text["y"] + text["height"] <= pages["y"]
    level = page.locator("#listen-top")
    assert level.evaluate("e => e.style.getPropertyValue('--level')") != ""
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(page.locator("#state-words")).to_have_text(
        "Press to listen", timeout=PATIENCE_MS
    )
    assert level.evaluate("e => e.style.getPropertyValue('--level')") == "0.000"
    assert layout_shift(page) < MOST_LAYOUT_SHIFT
    page.get_by_role("button", name="Options").click()
    expect(page.locator("#device")).to_be_enabled()
    it_is_still_there_after_a_reload(page)


def it_is_still_there_after_a_reload(page: Page) -> None:
    page.locator("summary", has_text="More options").click()
    page.get_by_label("Names and words to expect").fill("Dashwood")
    expect(page.get_by_label("Translate into English")).to_be_disabled()
    expect(page.locator("#no-translation")).to_contain_text("knows only English")
    until(page, lambda: len(kept(page, "transcript-audio")) == 1)
    said = kept(page, "transcripts")[0]["utterances"]
    assert any("folder" in each["text"].lower() for each in said)
    page.reload()
    expect(page.locator("#hotwords")).to_have_value("Dashwood")
    take = card(page, "Microphone")
    take.get_by_role("button", name="Microphone").click()
    expect(take).to_contain_text(re.compile("folder", re.IGNORECASE))
    expect(take.locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    assert layout_shift(page) < MOST_LAYOUT_SHIFT
    # Scrolled, the header may lie over half of a field.
    page.evaluate("scrollTo(0, 0)")
    assert violations(page) == []
    # Nothing is cut off or out of reach when the text is twice as large.
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert not sticks_out(page, "#listen")


def test_it_transcribes_several_dropped_files(
    visit: Callable[..., Page], recording: Path
) -> None:
    page = visit("/listen/")
    transfer = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          for (const name of ["speech.wav", "again.wav"]) {
            transfer.items.add(new File([new Uint8Array(bytes)], name));
          }
          return transfer;
        }""",
        list(recording.read_bytes()),
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    expect(page.locator("#drop-veil")).to_have_text("Drop to transcribe")
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    first, second = card(page, "speech.wav"), card(page, "again.wav")
    expect(first.get_by_role("progressbar")).to_be_visible()
    expect(second).to_contain_text("Waiting")
    expect(page.locator("#kept")).to_contain_text("the text goes into its history")
    until_transcribed(page)
    error_rate = word_error_rate([(SPOKEN, heard(page))])
    assert error_rate < 0.4, heard(page)
    files = {name: saved(first, name) for name in ("txt", "json", "srt", "vtt")}
    utterances = json.loads(files["json"])["utterances"]
    assert utterances[0]["start"] < utterances[0]["end"]
    assert files["txt"].split() == " ".join(u["text"] for u in utterances).split()
    assert files["vtt"].startswith("WEBVTT\n\n00:00:0")
    second.get_by_role("button", name="again.wav").click()
    for subtitles in (files["srt"], saved(second, "srt", "again")):
        assert re.match(r"1\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\n\w", subtitles)
    it_brings_removed_ones_back(page)


def it_brings_removed_ones_back(page: Page) -> None:
    card(page, "speech.wav").get_by_role("button", name="Remove").click()
    expect(page.locator(".transcript-card:visible")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".transcript-card:visible")).to_have_count(2)
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator(".undo-row")).to_contain_text("2 transcripts were removed.")
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "again.wav").locator(".transcript-toggle")).to_be_visible()
    page.get_by_role("button", name="Remove all").click()
    until(page, lambda: kept(page, "transcripts") == [])
    page.reload()
    expect(page.locator("#transcripts-empty")).to_be_visible()


def test_it_says_that_a_file_is_no_audio(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("no sound here")
    page = visit("/listen/")
    page.locator("#file").set_input_files(path)
    expect(card(page, "notes.wav")).to_contain_text("cannot read notes.wav as audio")
    expect(page.get_by_role("button", name="Start listening")).to_be_enabled()


def open_and_press(browser: Any, url: str) -> Page:
    page: Page = browser.new_page()
    page.goto(f"{url}/listen/")
    page.get_by_role("button", name="Start listening").click()
    return page


def test_it_says_what_to_do_without_permission(
    launch: Any, server: RunningServer
) -> None:
    flags = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    with launch(*flags) as browser:
        notice = open_and_press(browser, server.url).locator("#notice")
        expect(notice).to_contain_text("no permission to use the microphone")
        expect(notice).to_contain_text("Allow it in the address bar")


def test_it_says_what_to_do_without_a_microphone_or_a_secure_page(
    launch: Any, server: RunningServer
) -> None:
    rule = f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1"
    with launch(rule, "--use-fake-ui-for-media-stream") as browser:
        page = open_and_press(browser, server.url)
        expect(page.locator("#notice")).to_contain_text("No microphone was found.")
        page.goto(f"http://{OTHER_HOST}:{server.port}/listen/")
        expect(page.locator("#notice")).to_contain_text("only on secure pages")
        expect(page.locator("#mic")).to_be_disabled()


def test_it_waits_for_a_busy_server_and_counts_down_when_it_is_gone(
    browser: Browser, fake_server: Any
) -> None:
    with (
        fake_server(stt_max_sessions=1) as server,
        browser.new_context() as context,
    ):
        with connect(f"{server.ws_url}/ws/stt") as other:
            other.recv()
            page = open_and_press(context, server.url)
            expect(page.locator("#notice")).to_contain_text("busy")
            expect(page.locator("#facts")).to_contain_text("is sent when it is back")
            expect(page.locator("#notice")).to_contain_text(
                re.compile(r"Trying again in \d+ s")
            )
            now = page.get_by_role("button", name="Try now")
            now.focus()
            before = page.locator(".countdown").inner_text()
            expect(page.locator(".countdown")).not_to_have_text(before)
            expect(now).to_be_focused()
        # Not `press`, which would wait for the button if the page has tried by itself.
        page.keyboard.press("Enter")
        expect(page.locator("#state-words")).to_have_text("Listening")
        expect(page.locator("#notice")).to_be_empty()
        server.process.kill()
        it_counts_down_until_the_rest_is_discarded(page)


def it_counts_down_until_the_rest_is_discarded(page: Page) -> None:
    expect(page.locator("#notice")).to_contain_text("The connection was lost.")
    expect(page.locator("#state-words")).to_have_text("Waiting for the server")
    page.get_by_role("button", name="Stop listening").click()
    expect(page.locator("#state-words")).to_have_text("Waiting to send the rest")
    expect(page.locator("#facts")).to_contain_text("discard it")
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator("#state-words")).to_have_text("Press to listen")
    expect(page.locator(".transcript-card")).to_have_count(0)
    level = page.locator("#listen-top").evaluate(
        "e => e.style.getPropertyValue('--level')"
    )
    assert level == "0.000"
    expect(page.locator("#state-word")).to_have_text("Not reachable", timeout=30_000)
