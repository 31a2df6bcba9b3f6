"""The Talk page while a real server restarts."""

from __future__ import annotations

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
