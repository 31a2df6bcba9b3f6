"""The Listen page while somebody speaks: partial texts, times of words, lost connections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from common.audio import SPEECH_RATE_HZ
from stt_app.core.events import SpokenWord, UtteranceTranscribed
from stt_app.core.files.transcript_formats import as_srt, as_vtt
from tests.browser.test_listen import (
    card,
    heard,
    saved,
    until_transcribed,
)
from tests.browser.watching import PATIENCE_MS, Shown, until
from tests.stt.files.test_transcript_formats import LONG

pytestmark = [pytest.mark.browser, pytest.mark.model]

WATCH_SOCKETS = """() => {
  window.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) { super(...given); window.sockets.push(this); }
  };
}"""
LOST = 4512
WORDS = re.compile("meeting|Monday|folder")


def listen(page: Page) -> None:
    page.get_by_role("button", name="Start listening").click()
    expect(page.locator("#state-words")).to_have_text("Listening", timeout=PATIENCE_MS)


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop listening").click()
    expect(page.locator("#state-words")).to_have_text(
        "Press to listen", timeout=PATIENCE_MS
    )


def saved_take(page: Page) -> str:
    """The take as JSON."""
    page.get_by_label("Format of the download").select_option("json")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert re.fullmatch(
        r"microphone-\d{4}-\d\d-\d\d-\d{6}\.json", download.value.suggested_filename
    )
    return Path(download.value.path()).read_text(encoding="utf-8")


def wait_for_sockets(page: Page, count: int) -> None:
    until(page, lambda: page.evaluate("window.sockets.length") >= count)


def test_it_shows_text_before_the_sentence_is_over(visit: Callable[..., Page]) -> None:
    page = visit("/listen/")
    facts = Shown(page, "#facts")
    listen(page)
    partial = page.locator(".paragraph[aria-live=off] .partial[aria-live=off]")
    # What was said before it is stopped is enough to know it by.
    expect(partial).to_contain_text(WORDS, timeout=PATIENCE_MS)
    facts.wait_for("speech detected")
    stop(page)
    expect(partial).to_have_count(0)
    assert WORDS.search(heard(page))


def test_it_shows_when_a_word_was_said(
    visit: Callable[..., Page], recording: Path
) -> None:
    page = visit("/listen/")
    page.get_by_role("switch", name="Word timestamps").click()
    page.locator("#file").set_input_files(recording)
    word = page.locator(".timed", has_text="folder").first
    times = re.compile(r"\d\.\d\d s to \d\.\d\d s, confidence \d+%")
    expect(word).to_have_attribute("title", times, timeout=PATIENCE_MS)
    until_transcribed(page)
    speech = card(page, recording.name)
    (first, *_) = json.loads(saved(speech, "json"))["utterances"]
    assert first["words"][0]["start"] < first["words"][-1]["end"]
    assert "id" not in first
    it_plays_from_a_word(page, speech, word)


def it_plays_from_a_word(page: Page, speech: Locator, word: Locator) -> None:
    audio = speech.locator("audio")
    word.click()
    shown = speech.get_by_text(re.compile(r"folder.*: \d\.\d\d s to"))
    expect(shown).to_be_visible()
    before = float(audio.evaluate("e => e.currentTime"))
    assert before > 1
    page.keyboard.press("ArrowLeft")
    expect(shown).to_have_count(0)
    assert 0 < float(audio.evaluate("e => e.currentTime")) < before
    page.keyboard.press("Space")
    expect(word).to_have_class(re.compile("playing"))
    page.keyboard.press("Space")
    expect(audio).to_have_js_property("paused", value=True)


def test_it_goes_on_where_a_lost_connection_was(visit: Callable[..., Page]) -> None:
    page = visit("/listen/")
    page.evaluate(WATCH_SOCKETS)
    listen(page)
    expect(page.locator("#facts")).to_contain_text(
        "speech detected", timeout=PATIENCE_MS
    )
    notice = Shown(page, "#notice")
    page.evaluate(f"window.sockets[0].close({LOST})")
    notice.wait_for("Trying again in 1 s")
    expect(page.locator("#state-words")).to_have_text("Listening", timeout=PATIENCE_MS)
    expect(page.locator("#notice")).to_be_empty()
    assert page.evaluate("window.sockets.length") == 2
    assert "resume=" in page.evaluate("window.sockets[1].url")
    expect(page.locator("#transcripts")).to_contain_text(
        re.compile("folder", re.IGNORECASE), timeout=PATIENCE_MS
    )
    stop(page)
    # The first sentence was being said when the connection broke.
    assert re.search("meeting.* (nine|9).* folder", heard(page), re.IGNORECASE)
    written = json.loads(saved_take(page))["utterances"]
    starts = [each["start"] for each in written]
    assert starts == sorted(starts)


BREAK = f"window.sockets[0].close({LOST})"
BREAK_AT_GOODBYE = f"""() => {{
  window.sockets[0].send = function (data) {{
    if (typeof data === "string") this.close({LOST});
    else WebSocket.prototype.send.call(this, data);
  }};
}}"""


@pytest.mark.parametrize(
    "how", [BREAK, BREAK_AT_GOODBYE], ids=["waiting", "saying-goodbye"]
)
def test_it_writes_down_the_rest_when_the_connection_breaks_at_its_end(
    visit: Callable[..., Page], how: str
) -> None:
    page = visit("/listen/")
    page.evaluate(WATCH_SOCKETS)
    listen(page)
    partial = page.locator(".partial[aria-live=off]")
    expect(partial).to_contain_text(
        re.compile("meeting", re.IGNORECASE), timeout=PATIENCE_MS
    )
    page.evaluate(how)
    stop(page)
    assert page.evaluate("window.sockets.length") == 2
    expect(page.locator("#notice")).to_be_empty()
    assert "meeting" in heard(page).lower()


def test_a_file_goes_on_where_a_lost_connection_was(
    visit: Callable[..., Page], recording: Path
) -> None:
    page = visit("/listen/")
    page.evaluate(WATCH_SOCKETS)
    page.locator("#file").set_input_files(recording)
    wait_for_sockets(page, 1)
    page.evaluate(
        f"""() => {{
          const first = window.sockets[0];
          first.addEventListener("open", () => first.close({LOST}));
          if (first.readyState === WebSocket.OPEN) first.close({LOST});
        }}"""
    )
    wait_for_sockets(page, 2)
    assert "purpose=file" in page.evaluate("window.sockets[1].url")
    until_transcribed(page)
    assert re.search("meeting.* (nine|9).* folder", heard(page), re.IGNORECASE)
    assert len(re.findall("folder", heard(page))) == 1


def transcribed(plain: dict[str, Any]) -> UtteranceTranscribed:
    """The utterance that a message of the server tells of."""
    start, end = (round(plain[each] * SPEECH_RATE_HZ) for each in ("start", "end"))
    words = tuple(
        SpokenWord(each["word"], each["start"], each["end"], each["probability"])
        for each in plain.get("words", ())
    )
    return UtteranceTranscribed(1, start, end, plain["text"], words=words or None)


def test_its_subtitles_are_those_of_the_command_line(
    visit: Callable[..., Page],
) -> None:
    page = visit("/listen/")
    utterances: list[dict[str, Any]] = [
        {"text": f"{LONG} 5 < 6 & 7. {LONG}", "start": 0.5, "end": 21.75},
        {"text": "Yes.", "start": 22.0, "end": 22.2},
        {
            "text": "会议星期一九点开始,请带上蓝色的文件夹。" * 4,
            "start": 23.0,
            "end": 34.0,
        },
    ]
    written = page.evaluate(
        """async (utterances) => {
          const { EXPORTS } = await import("/static/js/exports.js");
          return ["srt", "vtt"].map((name) => EXPORTS[name].write(utterances));
        }""",
        utterances,
    )
    said = [transcribed(each) for each in utterances]
    assert written == [as_srt(said), as_vtt(said)]
