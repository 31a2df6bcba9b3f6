"""The health-check loop against a server that goes away and comes back."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from common.config import project_dir

SCRIPT = str(project_dir() / "deploy" / "healthcheck.sh")


class Health:
    """A server with a state that tests change."""

    def __init__(self) -> None:
        self.status = 200
        self.keys: list[str | None] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.keys.append(self.headers.get("X-API-Key"))
                self.send_response(owner.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/health/live"


@pytest.fixture
def health() -> Iterator[Health]:
    health = Health()
    thread = threading.Thread(target=health.server.serve_forever, daemon=True)
    thread.start()
    yield health
    health.server.shutdown()
    health.server.server_close()
    thread.join()


def once(url: str, **environment: str) -> int:
    variables = {**os.environ, "ONCE": "1", **environment}
    return subprocess.run(["sh", SCRIPT, url], env=variables, timeout=60).returncode


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_a_valid_shell_script() -> None:
    assert subprocess.run(["sh", "-n", SCRIPT]).returncode == 0
    assert os.access(SCRIPT, os.X_OK)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (401, 1)])
def test_it_asks_once(health: Health, status: int, code: int) -> None:
    health.status = status
    assert once(health.url) == code


def test_it_says_no_when_nobody_answers() -> None:
    assert once("http://127.0.0.1:9/health/live") == 1


def test_it_sends_the_key(health: Health) -> None:
    assert once(health.url, API_KEY="key-one") == 0
    assert health.keys == ["key-one"]


def test_it_says_when_the_state_changes_and_acts_once(
    health: Health, tmp_path: Path
) -> None:
    marks, output = tmp_path / "marks", tmp_path / "output"
    variables = {**os.environ, "FAILURES": "2", "ON_DOWN": f"echo down >> {marks}"}
    with output.open("w") as out:
        loop = subprocess.Popen(
            ["sh", SCRIPT, health.url, "0.05"], env=variables, stdout=out
        )
    try:
        wait_for(lambda: " up " in output.read_text())
        health.status = 503
        wait_for(lambda: " down " in output.read_text())
        asked = len(health.keys)
        wait_for(lambda: len(health.keys) > asked + 3)
        health.status = 200
        wait_for(lambda: output.read_text().count(" up ") == 2)
    finally:
        loop.terminate()
        loop.wait(timeout=10)
    assert marks.read_text() == "down\n"
    words = [line.split()[1] for line in output.read_text().splitlines()]
    assert words == ["up", "down", "up"]
