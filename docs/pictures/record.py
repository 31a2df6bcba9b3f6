"""Records the README's animated picture with a real server and Chromium.

    python -m docs.pictures.record

writes `docs/images/demo.webp`: speech becomes text, then text becomes speech.
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

from common.audio import Audio, pcm16_to_float, wav_bytes
from common.config import project_dir
from docs.pictures.animation import Shot, joined, write_webp
from tests.install_browser import installed
from tests.server_process import RunningServer, running_server

PICTURE = project_dir() / "docs" / "images" / "demo.webp"
SIZE = ViewportSize(width=1180, height=820)
MOST_BYTES = 2_000_000
QUALITIES = (100, 90, 75, 60, 45)
"""Tried in this order until the animation is small enough."""
SHOT_EVERY_SECONDS = 0.12
MOST_SECONDS = 40.0
SCENE_TAIL_SECONDS = 0.8

HEARD = (
    "The words appear while you speak. "
    "When you pause, the sentence is final, and nothing leaves this machine."
)
SPOKEN = "Good morning. Your train leaves at nine fifteen from platform four."
SPOKEN_SECONDS = 6.0
TRANSCRIPT = "#utterances, #transcripts"
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
        running_server(llm_backend="embedded") as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        recording = _recording(server, Path(folder))
        with _browser(chromium, recording) as browser:
            listening = _scene(browser, f"{server.url}/listen/", _listen)
            speaking = _scene(browser, f"{server.url}/speak/", _speak)
    print(_animate(joined(listening, speaking), PICTURE))
    return 0


def _recording(server: RunningServer, folder: Path) -> Path:
    """HEARD as a WAV for the microphone, with silence around it."""
    wish = {
        "text": HEARD,
        "llm": False,
        "format": "pcm",
        "sample_rate": MICROPHONE_RATE_HZ,
    }
    answer = httpx.post(f"{server.url}/tts", json=wish, timeout=60)
    answer.raise_for_status()
    silence = np.zeros(MICROPHONE_RATE_HZ, np.float32)
    samples = np.concatenate([silence, pcm16_to_float(answer.content), silence])
    path = folder / "microphone.wav"
    path.write_bytes(wav_bytes(Audio(samples, MICROPHONE_RATE_HZ)))
    return path


@contextmanager
def _browser(chromium: str, recording: Path) -> Iterator[Browser]:
    microphone = f"--use-file-for-fake-audio-capture={recording}%noloop"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium, args=[*FLAGS, microphone]
        )


def _scene(
    browser: Browser, url: str, play: Callable[[Page, list[Shot]], None]
) -> list[Shot]:
    page = browser.new_context(viewport=SIZE, color_scheme="light").new_page()
    page.goto(url)
    expect(page.locator("#state-word")).to_have_text("Ready", timeout=30_000)
    shots: list[Shot] = []
    play(page, shots)
    page.context.close()
    return shots


def _listen(page: Page, shots: list[Shot]) -> None:
    last_words = HEARD.rstrip(".").rpartition(" ")[2]
    _shoot(page, shots)
    page.locator("#mic").click()
    _shoot_until(page, shots, lambda: last_words in _text(page, TRANSCRIPT))


def _speak(page: Page, shots: list[Shot]) -> None:
    answers = page.locator("#llm:checked")
    if answers.count():
        answers.uncheck()
    text = page.locator("#text")
    for word in SPOKEN.split():
        text.press_sequentially(f"{word} ")
        _shoot(page, shots)
    page.locator("#speak").click()
    end = time.monotonic() + SPOKEN_SECONDS
    _shoot_until(page, shots, lambda: time.monotonic() > end)


def _text(page: Page, selector: str) -> str:
    return page.locator(selector).first.inner_text()


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
