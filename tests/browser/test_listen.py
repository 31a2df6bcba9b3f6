"""The Listen page: microphone, files, and each failure in its own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.browser.conftest import SPOKEN
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.browser, pytest.mark.model]

PATIENCE_MS = 60_000
MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


def heard(page: Page) -> str:
    return " ".join(page.locator(".utterance p").all_inner_texts())


def test_it_writes_down_the_microphone(visit: Callable[..., Page]) -> None:
    page = visit("/listen/")
    page.get_by_role("button", name="Start listening").click()
    expect(page.locator("#state-words")).to_have_text("Listening", timeout=PATIENCE_MS)
    expect(page.locator("#transcript")).to_contain_text(
        re.compile("folder", re.IGNORECASE), timeout=PATIENCE_MS
    )
    level = page.locator("#listen-top").evaluate(
        "e => e.style.getPropertyValue('--level')"
    )
    assert level != ""
    page.get_by_role("button", name="Stop listening").click()
    expect(page.locator("#state-words")).to_have_text(
        "Press to listen", timeout=PATIENCE_MS
    )


def test_it_writes_down_a_file(visit: Callable[..., Page], recording: Path) -> None:
    page = visit("/listen/")
    page.locator("#file").set_input_files(recording)
    expect(page.locator("#file-running")).to_be_visible()
    expect(page.locator("#file-idle")).to_be_visible(timeout=PATIENCE_MS)
    text = heard(page).replace("English", "")
    assert word_error_rate([(SPOKEN, text)]) < 0.4, text


def test_it_takes_a_dropped_file_and_gives_files(
    visit: Callable[..., Page], recording: Path
) -> None:
    page = visit("/listen/")
    transfer = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "speech.wav"));
          return transfer;
        }""",
        list(recording.read_bytes()),
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    expect(page.locator("#drop-veil")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    expect(page.locator(".utterance").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#file-idle")).to_be_visible(timeout=PATIENCE_MS)
    files = {name: saved(page, name) for name in ("txt", "json", "srt", "vtt")}
    utterances = json.loads(files["json"])["utterances"]
    assert utterances[0]["start"] < utterances[0]["end"]
    assert files["txt"].split() == " ".join(u["text"] for u in utterances).split()
    assert re.match(r"1\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\n\w", files["srt"])
    assert files["vtt"].startswith("WEBVTT\n\n00:00:0")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#transcript-empty")).to_be_visible()


def saved(page: Page, name: str) -> str:
    page.locator("#save-as").select_option(name)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"transcript.{name}"
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_it_says_that_a_file_is_no_audio(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("no sound here")
    page = visit("/listen/")
    page.locator("#file").set_input_files(path)
    expect(page.locator("#notice")).to_contain_text("cannot read notes.wav as audio")
    expect(page.get_by_role("button", name="Start listening")).to_be_enabled()


def open_and_press(browser: Any, url: str) -> Page:
    page: Page = browser.new_page()
    page.goto(f"{url}/listen/")
    page.get_by_role("button", name="Start listening").click()
    return page


def test_it_says_what_to_do_without_permission(launch: Any, fake_server: Any) -> None:
    with (
        fake_server() as server,
        launch(
            "--use-fake-device-for-media-stream", "--deny-permission-prompts"
        ) as browser,
    ):
        notice = open_and_press(browser, server.url).locator("#notice")
        expect(notice).to_contain_text("no permission to use the microphone")
        expect(notice).to_contain_text("Allow it in the address bar")


def test_it_says_what_to_do_without_a_microphone(launch: Any, fake_server: Any) -> None:
    with fake_server() as server, launch("--use-fake-ui-for-media-stream") as browser:
        page = open_and_press(browser, server.url)
        expect(page.locator("#notice")).to_contain_text("No microphone was found.")


def test_it_says_what_to_do_on_an_insecure_page(launch: Any, fake_server: Any) -> None:
    rule = "--host-resolver-rules=MAP voice.example 127.0.0.1"
    with (
        fake_server(allowed_hosts=["voice.example", "127.0.0.1"]) as server,
        launch(rule, *MICROPHONE) as browser,
    ):
        page = browser.new_page()
        page.goto(f"http://voice.example:{server.port}/listen/")
        expect(page.locator("#notice")).to_contain_text("only on secure pages")
        expect(page.locator("#mic")).to_be_disabled()


def test_it_waits_for_a_busy_server(launch: Any, fake_server: Any) -> None:
    with fake_server(stt_max_sessions=1) as server, launch(*MICROPHONE) as browser:
        with connect(f"{server.ws_url}/ws/stt") as other:
            other.recv()
            page = open_and_press(browser, server.url)
            expect(page.locator("#notice")).to_contain_text("busy")
            expect(page.locator("#notice")).to_contain_text(
                re.compile(r"Trying again in \d+ s")
            )
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("#state-words")).to_have_text("Listening")
        expect(page.locator("#notice")).to_be_empty()


def test_it_counts_down_when_the_connection_is_lost(
    launch: Any, fake_server: Any
) -> None:
    with fake_server() as server, launch(*MICROPHONE) as browser:
        page = open_and_press(browser, server.url)
        expect(page.locator("#state-words")).to_have_text("Listening")
        server.process.kill()
        expect(page.locator("#notice")).to_contain_text("The connection was lost.")
        expect(page.locator("#state-words")).to_have_text("Waiting for the server")
        page.get_by_role("button", name="Stop listening").click()
        expect(page.locator("#state-words")).to_have_text("Waiting to send the rest")
        expect(page.locator("#facts")).to_contain_text("discard it")
        page.get_by_role("button", name="Discard the rest").click()
        expect(page.locator("#state-words")).to_have_text("Press to listen")
        expect(page.locator("#state-word")).to_have_text(
            "Not reachable", timeout=30_000
        )
