"""The real server, and Chromium with a recording as its microphone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from common.audio import Audio, pcm16_to_float, wav_bytes
from tests.browser.watching import Watch
from tests.install_browser import installed
from tests.server_process import STEADY_SPEECH, RunningServer, running_server

SECRET = "sk-never-to-be-shown"
OTHER_HOST = "voice.example"
"""Another name of the server, at which the browser finds its pages insecure."""
SPOKEN = "The meeting starts at nine on Monday. Please bring the blue folder."
QUIET_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
FAKES = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "none",
}
MICROPHONE_RATE_HZ = 48_000

# Playwright's five seconds are too short for a page on a busy machine.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def server() -> Iterator[RunningServer]:
    """Real models, one secret, speech without noise, everything else as it comes."""
    with running_server(
        whisper_model_name="tiny.en",
        llm_backend="embedded",
        openai_api_key=SECRET,
        **STEADY_SPEECH,
        allowed_hosts=[OTHER_HOST, "127.0.0.1"],
    ) as running:
        yield running


@pytest.fixture
def fake_server() -> Callable[..., AbstractContextManager[RunningServer]]:
    """Starts a server without models; keywords are settings."""
    return lambda *arguments, **settings: running_server(
        *arguments, **{**FAKES, **settings}
    )


@pytest.fixture(scope="package")
def recording(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WAV file in which Piper says SPOKEN, with silence around it."""
    wish = {"text": SPOKEN, "llm": False, "format": "pcm"}
    answer = httpx.post(f"{server.url}/tts", json=wish, timeout=60)
    assert answer.status_code == 200, answer.text
    rate = int(answer.headers["X-Sample-Rate"])
    speech = (
        Audio(pcm16_to_float(answer.content), rate)
        .resampled(MICROPHONE_RATE_HZ)
        .samples
    )
    silence = np.zeros(MICROPHONE_RATE_HZ * 3 // 2, np.float32)
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    whole = np.concatenate([silence, speech, silence])
    path.write_bytes(wav_bytes(Audio(whole, MICROPHONE_RATE_HZ)))
    return path


@pytest.fixture(scope="package")
def chromium() -> str:
    """The browser's path. Asked before Playwright runs, for the answer may start it."""
    path = installed()
    assert path is not None, (
        "No Chromium was found: name one in CHROMIUM, or run "
        "`python -m tests.install_browser`."
    )
    return path


# Its loop runs while the fixture lives, so it may not outlive this package:
# asynchronous tests elsewhere could not start a loop of their own.
@pytest.fixture(scope="package")
def playwright(chromium: str) -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def launch(
    playwright: Playwright, chromium: str
) -> Callable[..., AbstractContextManager[Browser]]:
    """Starts Chromium with further flags."""

    @contextlib.contextmanager
    def start(*flags: str) -> Iterator[Browser]:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=[*QUIET_FLAGS, *flags]
        )
        yield browser
        browser.close()

    return start


@pytest.fixture(scope="package")
def browser(launch: Any, recording: Path) -> Iterator[Browser]:
    with launch(
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}",
    ) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, server: RunningServer) -> Iterator[Callable[..., Page]]:
    """Opens a page of the server; whatever goes wrong on it fails the test at its end."""
    watch = Watch(urlsplit(server.url).netloc)
    contexts = []

    def open_page(path: str, *, width: int = 1440, theme: Any = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watch.troubles == []
