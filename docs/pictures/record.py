"""Records the README's animated picture with a real server and Chromium.

    python -m docs.pictures.record

writes `docs/images/demo.webp`: two spoken questions on the Talk page, and their replies.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import (
    Browser,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from common.audio import Audio, Samples, pcm16_to_float, wav_bytes
from common.config import project_dir
from docs.pictures.animation import Shot, write_webp
from tests.install_browser import installed
from tests.server_process import RunningServer, running_server

PICTURE = project_dir() / "docs" / "images" / "demo.webp"
SIZE = ViewportSize(width=1180, height=820)
MOST_BYTES = 2_000_000
QUALITIES = (100, 90, 75, 60, 45)
"""Tried in this order until the animation is small enough."""
SHOT_EVERY_SECONDS = 0.2
MOST_SECONDS = 60.0
SCENE_TAIL_SECONDS = 0.8

QUESTIONS = ("What is the capital of France?", "And what is it famous for?")
INSTRUCTIONS = "Answer in one short sentence."
REPLY_SECONDS = 8.0
"""Between the questions; a longer reply is interrupted, which is worth seeing, too."""
MICROPHONE_RATE_HZ = 48_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def main() -> int:
    chromium = installed()
    if chromium is None:
        print("No Chromium: name one in CHROMIUM.", file=sys.stderr)
        return 1
    with (
        running_server(whisper_model_name="tiny.en", llm_backend="embedded") as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        recording = _recording(server, Path(folder))
        with _browser(chromium, recording) as browser:
            shots = _conversation(browser, f"{server.url}/talk/")
    print(_animate(shots, PICTURE))
    return 0


def _recording(server: RunningServer, folder: Path) -> Path:
    """QUESTIONS as a WAV for the microphone, with time for the replies."""
    start, reply = (
        np.zeros(round(seconds * MICROPHONE_RATE_HZ), np.float32)
        for seconds in (1.0, REPLY_SECONDS)
    )
    parts = [start]
    for question in QUESTIONS:
        parts += [_spoken(server, question), reply]
    path = folder / "microphone.wav"
    path.write_bytes(wav_bytes(Audio(np.concatenate(parts), MICROPHONE_RATE_HZ)))
    return path


def _spoken(server: RunningServer, text: str) -> Samples:
    wish = {
        "text": text,
        "llm": False,
        "format": "pcm",
        "sample_rate": MICROPHONE_RATE_HZ,
    }
    answer = httpx.post(f"{server.url}/tts", json=wish, timeout=60)
    answer.raise_for_status()
    return pcm16_to_float(answer.content)


@contextmanager
def _browser(chromium: str, recording: Path) -> Iterator[Browser]:
    microphone = f"--use-file-for-fake-audio-capture={recording}%noloop"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium, args=[*FLAGS, microphone]
        )


def _conversation(browser: Browser, url: str) -> list[Shot]:
    page = browser.new_context(viewport=SIZE, color_scheme="light").new_page()
    page.goto(url)
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=30_000)
    page.locator("#instructions").fill(INSTRUCTIONS)
    shots: list[Shot] = []
    _shoot(page, shots)
    page.locator("#talk").click()
    _shoot_until(page, shots, lambda: _is_answered(page))
    page.context.close()
    return shots


def _is_answered(page: Page) -> bool:
    answered = page.locator("#talk-log .talk-stages").count()
    is_quiet = page.locator("#talk-now").get_attribute("data-turn") == "listening"
    return is_quiet and answered >= len(QUESTIONS)


def _shoot(page: Page, shots: list[Shot]) -> None:
    began = time.monotonic()
    shots.append(Shot(page.screenshot(), began))
    left = SHOT_EVERY_SECONDS - (time.monotonic() - began)
    page.wait_for_timeout(max(left, 0.0) * 1000)


def _shoot_until(page: Page, shots: list[Shot], is_over: Callable[[], bool]) -> None:
    """Shots until it is over and a little longer. Raises TimeoutError."""
    end = time.monotonic() + MOST_SECONDS
    while not is_over():
        if time.monotonic() > end:
            raise TimeoutError(f"{page.url} did not come to its end")
        _shoot(page, shots)
    tail_end = time.monotonic() + SCENE_TAIL_SECONDS
    while time.monotonic() < tail_end:
        _shoot(page, shots)


def _animate(shots: list[Shot], path: Path) -> str:
    """Write the animation at the best quality that is small enough."""
    for quality in QUALITIES:
        write_webp(shots, path, quality)
        size_bytes = path.stat().st_size
        if size_bytes <= MOST_BYTES:
            break
    return (
        f"{path.name}: {len(shots)} shots, quality {quality}, {size_bytes / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    raise SystemExit(main())
