"""The Talk page while a server restarts: a real one, and one that is played."""

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
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from common.audio import Audio, pcm16_to_float, wav_bytes
from tests.browser.conftest import MICROPHONE_RATE_HZ
from tests.browser.test_talk_scripts import VOICE, tell, until, write
from tests.server_process import RunningServer, free_port

pytestmark = [pytest.mark.browser, pytest.mark.model]

QUESTION = "What is the capital of Italy and how many people live there today"
NOW = "() => dispatchEvent(new Event('online'))"
"""Does not wait until the server shall be tried again."""
FAKES = {
    "stt_engine": "tests.project.fake_engines:MeasuringStt",
    "llm_backend": "tests.project.fake_engines:Llm",
}
MOST_MISSED_SECONDS = 1.0
"""The edges of speech are soft."""


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
            page.evaluate(NOW)
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


class Restarting:
    """`/ws/voice` of a server that restarts: each connection ends, and the next one
    knows nothing of it."""

    def __init__(self) -> None:
        self.heard_bytes: list[int] = []
        """Audio on each connection."""
        self.events: list[list[dict[str, Any]]] = []
        """What the page sent on each connection."""
        self._connections: list[WebSocketRoute] = []

    def __call__(self, socket: WebSocketRoute) -> None:
        number = len(self._connections)
        self._connections.append(socket)
        self.heard_bytes.append(0)
        self.events.append([])

        def take(message: str | bytes) -> None:
            if isinstance(message, bytes):
                self.heard_bytes[number] += len(message)
            else:
                self.events[number].append(json.loads(message))

        socket.on_message(take)
        session = {"x.resume_token": f"token-{number}", "x.resumed": False}
        self.tell({"type": "session.created", "session": session})

    def tell(self, *events: dict[str, Any]) -> None:
        tell(self._connections[-1], *events)

    def begin_reply(self) -> None:
        response = {"id": f"r{len(self.events)}", "x.number": len(self.events)}
        self.tell({"type": "response.created", "response": response})

    def end(self) -> None:
        error = {"code": "restarting", "message": "The server is restarting."}
        self.tell({"type": "error", "error": error})
        self._connections[-1].close(code=4512)

    def asked(self, number: int) -> int:
        """How often the page has asked that connection for a reply."""
        kinds = [event["type"] for event in self.events[number]]
        return kinds.count("response.create")

    def told(self, number: int) -> list[str]:
        """The texts that the page has put into that conversation."""
        items = [event["item"] for event in self.events[number] if "item" in event]
        return [item["content"][0]["text"] for item in items]


def test_after_a_restart_the_server_hears_again_what_it_has_not_answered(
    visit: Callable[..., Page],
) -> None:
    page, server = visit("/talk/"), Restarting()
    page.route_web_socket(f"{VOICE}*", server)
    page.get_by_role("button", name="Start talking").click()
    until(page, lambda: server.heard_bytes != [] and server.heard_bytes[0] > 96_000)
    # A question that nobody has answered, perhaps cut short by the restart, and then
    # words that nobody has understood.
    buffer, question = "input_audio_buffer", "What is a"
    completed = "conversation.item.input_audio_transcription.completed"
    server.tell(
        {"type": f"{buffer}.speech_started", "item_id": "a", "audio_start_ms": 0},
        {"type": f"{buffer}.speech_stopped", "item_id": "a", "audio_end_ms": 300},
        {"type": completed, "item_id": "a", "transcript": question},
        {"type": f"{buffer}.speech_started", "item_id": "b", "audio_start_ms": 600},
    )
    said = page.locator("#talk-log .talk-line")
    expect(said).to_contain_text(question)
    server.end()
    expect(page.locator("#notice")).to_contain_text("The server is restarting.")
    # All of it, and what was said while there was no server.
    until(page, lambda: server.heard_bytes[-1] > server.heard_bytes[0] + 64_000)
    assert len(server.events) == 2
    # Heard again, it has neither to be told nor asked for.
    assert server.told(1) == []
    assert server.asked(1) == 0
    expect(said).to_have_count(0)


def test_after_a_restart_what_was_written_is_answered_unless_it_was_stopped(
    visit: Callable[..., Page],
) -> None:
    page, server = visit("/talk/"), Restarting()
    page.route_web_socket(f"{VOICE}*", server)
    write(page, "What is a bird?")
    until(page, lambda: server.events != [] and server.asked(0) == 1)
    server.end()
    until(page, lambda: len(server.events) == 2 and server.asked(1) == 1)
    assert server.told(1) == ["What is a bird?"]
    server.begin_reply()
    page.get_by_role("button", name="Stop the reply").click()
    server.end()
    until(page, lambda: len(server.events) == 3 and server.told(2) != [])
    write(page, "What is a dog?")
    until(page, lambda: len(server.told(2)) == 2 and server.asked(2) > 0)
    assert server.told(2) == ["What is a bird?", "What is a dog?"]
    assert server.asked(2) == 1
