"""Monitor, Configuration and API pages, and pages of a server that runs in halves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.browser.conftest import SECRET
from tests.browser.watching import PATIENCE_MS, scrolls_sideways, until
from tests.server_process import RunningServer, free_port

pytestmark = [pytest.mark.browser, pytest.mark.model]


def test_it_draws_what_the_server_does(
    visit: Callable[..., Page], server: RunningServer
) -> None:
    wish = {"text": "A request to look at.", "llm": False}
    assert httpx.post(f"{server.url}/tts", json=wish, timeout=60).status_code == 200
    page = visit("/monitor/")
    # Sessions of pages that were closed before end with their patience.
    expect(page.locator("#figure-sessions .figure-value")).to_have_text(
        "0", timeout=PATIENCE_MS
    )
    expect(page.locator("#figure-sound .figure-value")).to_contain_text("ms")
    expect(page.locator("#requests")).to_contain_text("A request to look at.")
    expect(page.locator("#monitor-parts")).to_contain_text("SQLite")
    expect(page.locator(".chart canvas").first).to_be_visible()
    inked = page.locator(".chart canvas").first.evaluate(
        """(canvas) => canvas.getContext("2d")
             .getImageData(0, 0, canvas.width, canvas.height).data
             .some((value) => value > 0)"""
    )
    assert inked
    with connect(f"{server.ws_url}/ws/voice", subprotocols=[Subprotocol("voice.v1")]):
        expect(page.locator("#figure-sessions")).to_contain_text("1 talking")


def test_it_says_that_the_figures_have_stopped(
    browser: Browser, fake_server: Any
) -> None:
    with fake_server() as server, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.url}/monitor/")
        expect(page.locator("#figure-errors .figure-value")).to_have_text("0")
        expect(page.locator("#requests-empty")).to_contain_text("No requests yet.")
        server.process.kill()
        expect(page.locator("#notice")).to_contain_text("live data has stopped")
        # At once, not with the next look at its health.
        expect(page.locator("#state")).to_have_attribute(
            "data-state", "gone", timeout=1_000
        )
        part = page.locator("#monitor-parts .part").first
        expect(part).to_contain_text("last seen")
        expect(part).to_have_attribute("data-state", "lost")
        # Only the seconds change, so that the notice is read out once.
        now = page.get_by_role("button", name="Try now")
        now.focus()
        countdown = page.locator("#notice .countdown[aria-live=off]")
        before = countdown.inner_text()
        expect(countdown).not_to_have_text(before)
        expect(now).to_be_focused()


def test_it_masks_secrets(visit: Callable[..., Page]) -> None:
    page = visit("/configuration/")
    row = page.locator(".setting", has_text="openai_api_key")
    expect(row).to_contain_text("********")
    expect(row).to_contain_text("environment")
    assert SECRET not in page.content()


def test_it_finds_settings(visit: Callable[..., Page]) -> None:
    page = visit("/configuration/")
    page.get_by_role("switch").check()
    expect(
        page.locator(".setting:visible", has_text="whisper_model_name")
    ).to_be_visible()
    expect(page.locator(".setting:visible", has_text="whisper_beam")).to_have_count(0)
    page.get_by_role("switch").uncheck()
    page.get_by_role("searchbox").fill("whisper beam")
    expect(page.locator(".setting:visible")).to_have_count(1)
    page.locator(".setting:visible summary").click()
    expect(page.locator("#file-whisper_beam")).to_have_text("whisper_beam: 0")
    expect(page.locator("#environment-whisper_beam")).to_have_text("WHISPER_BEAM=0")
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.locator("#nothing")).to_be_visible()


def test_its_examples_for_the_shell_and_python_work(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit("/api/")
    run_in(tmp_path, "bash", "-ec", example(page, "speak-example-sh"))
    assert (tmp_path / "hello.wav").read_bytes()[:4] == b"RIFF"
    (tmp_path / "hello.wav").unlink()
    said = run_in(tmp_path, sys.executable, "-c", example(page, "speak-example-py"))
    assert said == "wrote hello.wav\n"
    said = run_in(tmp_path, sys.executable, "-c", example(page, "listen-example-py"))
    # Piper never says it twice the same, and tiny.en is not always sure of "hello".
    assert "world" in said.lower()
    said = run_in(tmp_path, "bash", "-ec", example(page, "listen-example-sh"))
    assert any("world" in text.lower() for text in transcripts(said))
    line = example(page, "listen-example-sh")
    page.goto(page.url.replace("/api/", "/"))
    assert example(page, "line-listen") == line


def test_its_examples_in_javascript_work(visit: Callable[..., Page]) -> None:
    page = visit("/api/")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(f"async () => {{ {example(page, 'speak-example-js')} }}")
    page.evaluate(f"async () => {{ {example(page, 'listen-example-js')} }}")
    until(page, lambda: "world" in " ".join(said[1:]).lower())
    assert "bytes of audio/wav" in said[0]


def example(page: Page, name: str) -> str:
    text = page.locator(f"#{name}").text_content()
    assert text
    return text


def transcripts(lines: str) -> list[str]:
    messages = [json.loads(line) for line in lines.splitlines()]
    return [each["text"] for each in messages if each["type"] == "transcript"]


def run_in(folder: Path, *command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_documents_every_message(visit: Callable[..., Page]) -> None:
    page = visit("/api/", width=390)
    for lines in page.locator("summary", has_text="From the ").all():
        lines.click()
    assert not scrolls_sideways(page)
    section = page.locator("#ws-stt")
    for name in ("configure", "flush", "ready", "transcript", "buffer_limit_reached"):
        expect(section.get_by_role("heading", name=name, exact=True)).to_be_visible()
    examples = section.locator(".message pre").all_text_contents()
    assert examples
    for code in examples:
        assert json.loads(code)["type"]


@pytest.mark.parametrize(
    ("role", "here", "elsewhere"),
    [("stt", "/listen/", "/speak/"), ("tts", "/speak/", "/listen/")],
)
def test_it_says_what_runs_elsewhere(
    browser: Browser, fake_server: Any, role: str, here: str, elsewhere: str
) -> None:
    port = free_port()
    ports = {"stt_port": port, "tts_port": port}
    with (
        fake_server("--role", role, **ports) as server,
        browser.new_context() as context,
    ):
        page = context.new_page()
        page.goto(server.url + elsewhere)
        expect(page.locator("main")).to_contain_text("is a separate service here.")
        page.goto(server.url + here)
        expect(page.locator("main .notice")).to_have_count(0)
        page.goto(f"{server.url}/talk/")
        expect(page.locator("main")).to_contain_text("holds no conversations.")
        for path in ("/", "/monitor/", "/configuration/", "/api/"):
            answer = page.goto(server.url + path)
            assert answer is not None
            assert answer.status == 200
