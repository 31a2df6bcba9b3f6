"""The Talk page: a whole conversation, typed and spoken, with interruptions and a lost connection."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from common.audio import Audio, pcm16_to_float, wav_bytes
from tests.browser.conftest import MICROPHONE_RATE_HZ
from tests.browser.watching import (
    MOST_LAYOUT_SHIFT,
    PATIENCE_MS,
    Shown,
    kept,
    layout_shift,
    until,
    violations,
)
from tests.server_process import RunningServer, free_port

pytestmark = [pytest.mark.browser, pytest.mark.model]

LOST = 4512
PORTION_SECONDS = 0.04
QUESTION = "What is the capital of Italy and how many people live there today"
TRY_NOW = "() => dispatchEvent(new Event('online'))"
"""Does not wait until the server shall be tried again."""
FAKES = {
    "stt_engine": "tests.project.fake_engines:MeasuringStt",
    "llm_backend": "tests.project.fake_engines:Llm",
}
MOST_MISSED_SECONDS = 1.0
"""The edges of speech are soft."""
WATCH_SOCKETS = """() => {
  window.sockets = [];
  window.sent = [];
  window.audioAt = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) { super(...given); window.sockets.push(this); }
    send(data) {
      if (typeof data !== "string") window.audioAt.push(performance.now());
      window.sent.push(typeof data === "string" ? data : "{}");
      super.send(data);
    }
  };
}"""


def sent(page: Page, kind: str) -> list[dict[str, Any]]:
    """The messages of this type that the page has sent on all its connections."""
    messages = [json.loads(each) for each in page.evaluate("window.sent")]
    return [each for each in messages if each.get("type") == kind]


def until_heard(page: Page, more_than_ms: int = 300) -> None:
    """Until the player has played so much of a reply."""
    until(
        page, lambda: any(each["ms"] > more_than_ms for each in sent(page, "x.played"))
    )


def state(page: Page, words: str) -> None:
    expect(page.locator("#turn-words")).to_have_text(words, timeout=PATIENCE_MS)


def replies(page: Page) -> Any:
    return page.locator("#talk-log .talk-line[data-role=assistant]")


def test_it_holds_a_conversation(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.locator(".way").first.click()
    page.wait_for_url("**/talk/")
    page.evaluate(WATCH_SOCKETS)
    it_answers_what_was_written(page)
    a_key_stops_the_reply(page)
    it_answers_what_was_said(page)
    it_goes_on_after_a_lost_connection(page)
    assert layout_shift(page) < MOST_LAYOUT_SHIFT
    assert violations(page) == []
    it_ends(page)
    it_keeps_the_conversation(page)
    it_removes_and_brings_back(page)
    it_goes_on_with_an_earlier_one(page)


def it_answers_what_was_written(page: Page) -> None:
    page.get_by_label("Write instead of speaking").fill("What is a bird? Be brief.")
    page.keyboard.press("Enter")
    state(page, "Speaking")
    expect(page.locator(".talk-line[data-role=user]")).to_contain_text("a bird?")
    until_heard(page)
    state(page, "Ready")
    expect(replies(page)).to_contain_text(re.compile(r"\w{3}"))
    expect(replies(page).locator(".unsure")).to_have_count(0)
    stages = replies(page).locator("details")
    expect(stages).to_contain_text(re.compile(r"Answered after \d\.\d\d s"))
    stages.locator("summary").click()
    expect(stages).to_contain_text(re.compile(r"first audio [\d,]+ ms"))
    expect(stages).to_contain_text(re.compile(r"heard [\d,]+ ms"))


def a_key_stops_the_reply(page: Page) -> None:
    page.evaluate("window.sent = []")
    page.get_by_label("Write instead of speaking").fill("Tell a long story of a dog.")
    page.get_by_role("button", name="Send").click()
    until_heard(page, 600)
    # Nobody is heard here: the microphone is off.
    expect(page.locator("#turn-facts")).to_have_text("Press Escape to interrupt.")
    expect(page.get_by_role("button", name="Stop the reply")).to_be_enabled()
    page.keyboard.press("Escape")
    state(page, "Ready")
    assert len(sent(page, "response.cancel")) == 1
    expect(replies(page).last).to_contain_text("—interrupted")
    expect(page.get_by_role("button", name="Stop the reply")).to_be_disabled()
    expect(page.locator("#notice")).to_be_empty()


def it_answers_what_was_said(page: Page) -> None:
    page.evaluate("window.sent = []")
    page.get_by_role("button", name="Start talking").click()
    state(page, "You are speaking")
    # Nothing is read out into what can be heard.
    expect(page.locator("#turn-words")).to_have_attribute("aria-live", "off")
    expect(page.locator("#announcer")).to_have_text(re.compile("^(Server state: .*)?$"))
    caption = page.locator(".talk-line[data-interim]")
    expect(caption).to_contain_text(re.compile(r"\w{3}"), timeout=PATIENCE_MS)
    said = page.locator(".talk-line[data-role=user]:not([data-interim])")
    words = re.compile("meeting|Monday|folder", re.IGNORECASE)
    expect(said.nth(2)).to_contain_text(words, timeout=PATIENCE_MS)
    until_heard(page)
    # One that comes late is interrupted by the recording, which begins again and again.
    expect(replies(page).nth(2)).to_be_visible()


def it_goes_on_after_a_lost_connection(page: Page) -> None:
    notice = Shown(page, "#notice")
    page.evaluate(f"window.sockets[0].close({LOST}); window.audioAt = []")
    page.evaluate("window.sent = []")
    notice.wait_for("Trying again in 1 s")
    expect(page.locator("#notice")).to_be_empty(timeout=PATIENCE_MS)
    state(page, "You are speaking")
    assert page.evaluate("window.sockets.length") == 2
    assert "resume=" in page.evaluate("window.sockets[1].url")
    # The server knows what was said, and gets at once what was recorded meanwhile.
    assert sent(page, "conversation.item.create") == []
    first, *others = page.evaluate("window.audioAt")
    assert sum(each - first < 150 for each in others) * PORTION_SECONDS > 0.8


def it_ends(page: Page) -> None:
    unfinished = page.locator(".talk-line[data-interim]")
    expect(unfinished).to_have_count(1, timeout=PATIENCE_MS)
    page.get_by_role("button", name="End the conversation").click()
    state(page, "Press to talk")
    expect(unfinished).to_have_count(0)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".talk-line")).to_have_count(0)
    expect(page.locator("#talk-empty")).to_be_visible()


def cards(page: Page) -> Any:
    return page.locator(".conversation-card:visible")


def names_kept(page: Page) -> list[str]:
    return [each["name"] for each in kept(page, "conversations")]


def it_keeps_the_conversation(page: Page) -> None:
    card = cards(page)
    expect(card).to_have_count(1)
    card.get_by_role("button", name="Rename").click()
    card.get_by_label("Name of the conversation").fill("Birds and dogs")
    page.keyboard.press("Enter")
    expect(card.get_by_role("heading")).to_have_text(re.compile("Birds and dogs"))
    until(page, lambda: names_kept(page) == ["Birds and dogs"])
    page.reload()
    expect(card.get_by_role("heading")).to_have_text(re.compile("Birds and dogs"))
    card.get_by_role("button", name="Birds and dogs").click()
    expect(card.locator(".talk-line").first).to_contain_text("a bird?")
    expect(card.locator(".talk-line .tag").first).to_have_text("interrupted")
    card.get_by_label("Format of the download").select_option("json")
    with page.expect_download() as downloading:
        card.get_by_role("button", name="Download").click()
    file = json.loads(downloading.value.path().read_text())
    assert file["title"] == "Birds and dogs"
    assert "a bird?" in file["lines"][0]["text"]
    assert "first_audio" in file["lines"][1]["stages_ms"]


def it_removes_and_brings_back(page: Page) -> None:
    cards(page).get_by_role("button", name="Remove").click()
    expect(cards(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(cards(page)).to_have_count(1)
    page.get_by_role("button", name="Remove all").click()
    until(page, lambda: names_kept(page) == [])
    page.reload()
    expect(page.locator("#conversations-empty")).to_be_visible()


def it_goes_on_with_an_earlier_one(page: Page) -> None:
    page.get_by_label("Write instead of speaking").fill("Say hello.")
    page.keyboard.press("Enter")
    expect(cards(page).locator(".now")).to_be_visible()
    until_replied = replies(page).locator("details")
    expect(until_replied).to_have_count(1, timeout=PATIENCE_MS)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#talk-log .talk-line")).to_have_count(0)
    cards(page).get_by_role("button", name="Continue").click()
    expect(page.locator("#talk-log .talk-line")).to_have_count(2)
    expect(cards(page)).to_have_count(1)
    assert violations(page) == []


@pytest.fixture
def question(server: RunningServer) -> Audio:
    wish = {"text": QUESTION, "llm": False, "format": "pcm"}
    answer = httpx.post(f"{server.url}/tts", json=wish, timeout=60)
    rate = int(answer.headers["X-Sample-Rate"])
    return Audio(pcm16_to_float(answer.content), rate).resampled(MICROPHONE_RATE_HZ)


def recorded(question: Audio, folder: Path) -> Path:
    """A WAV file of the question, once, with silence around it."""
    second = np.zeros(MICROPHONE_RATE_HZ, np.float32)
    whole = np.concatenate([second, question.samples, *[second] * 30])
    path = folder / "question.wav"
    path.write_bytes(wav_bytes(Audio(whole, MICROPHONE_RATE_HZ)))
    return path


def test_a_question_into_a_restart_is_transcribed_whole_and_answered(
    launch: Callable[..., AbstractContextManager[Browser]],
    fake_server: Callable[..., AbstractContextManager[RunningServer]],
    question: Audio,
    tmp_path: Path,
) -> None:
    settings: dict[str, Any] = {**FAKES, "tts_port": free_port()}
    flags = (
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recorded(question, tmp_path)}%noloop",
    )
    with launch(*flags) as browser:
        page = browser.new_page()
        with fake_server(**settings) as before:
            page.goto(f"{before.url}/talk/")
            page.get_by_role("button", name="Start talking").click()
            expect(page.locator(".talk-line[data-role=user]")).to_contain_text("spoke")
            assert before.stop() == 0
        expect(page.locator("#turn-words")).to_have_text("Waiting for the server")
        with fake_server(**settings):
            page.evaluate(TRY_NOW)
            it_goes_on_as_if_nothing_had_happened(page, len(question.samples))


def it_goes_on_as_if_nothing_had_happened(page: Page, samples: int) -> None:
    said = page.locator(".talk-line[data-role=user]")
    reply = page.locator(".talk-line[data-role=assistant]")
    expect(reply).to_contain_text("Hello there.")
    expect(reply.locator("details")).to_contain_text("Answered after")
    found = re.search(r"I spoke for (\S+) seconds\.$", said.inner_text())
    assert found is not None, said.inner_text()
    whole_seconds = samples / MICROPHONE_RATE_HZ
    assert float(found[1]) > whole_seconds - MOST_MISSED_SECONDS
    expect(page.locator("#notice")).to_be_empty()
