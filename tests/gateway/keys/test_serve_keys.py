"""Keys of the database on the real server: made, used, rotated, revoked, expired."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from common.config import project_dir
from tests.server_process import RunningServer, running_server

pytestmark = [pytest.mark.server, pytest.mark.timeout(200)]

FAKES: dict[str, Any] = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "none",
}
CLOSED_SECONDS = 30.0
SOON_SECONDS = 30.0
"""The server looks every two."""
POLL_SECONDS = 0.5
"""A key that is not known yet counts as wrong, and ten of them in a minute are 429."""
COMMANDS = """
import sys, json, django
django.setup()
from django.core.management import call_command
for line in sys.stdin:
    call_command(*json.loads(line), no_color=True)
    print("done", flush=True)
"""


class Keys:
    """`manage.py keys`, in one process for all commands."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        settings |= {"DATA_DIR": str(data_dir), "PYTHONPATH": str(project_dir())}
        settings["DJANGO_SETTINGS_MODULE"] = "voiceproject.settings"
        self._process = subprocess.Popen(
            [sys.executable, "-c", COMMANDS],
            cwd=project_dir(),
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str) -> str:
        """What it prints; for a new secret, the secret."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(["keys", *words]) + "\n")
        self._process.stdin.flush()
        lines = list(iter(self._process.stdout.readline, "done\n"))
        secrets = [line for line in lines if line.startswith("earlark_")]
        return (secrets or lines)[0].strip()

    def end(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    keys = Keys(tmp_path)
    yield keys
    keys.end()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(data_dir=tmp_path, **FAKES) as running:
        yield running


class Place(Protocol):
    """Where a server answers."""

    @property
    def url(self) -> str:
        """For HTTP."""


def status(server: Place, key: str, path: str = "/voices") -> int:
    headers = {"x-api-key": key} if key else {}
    return httpx.get(server.url + path, headers=headers).status_code


def becomes(server: Place, key: str, expected: int, path: str = "/voices") -> bool:
    """Whether requests with the key get this status soon."""
    end = time.monotonic() + SOON_SECONDS
    while time.monotonic() < end:
        if status(server, key, path) == expected:
            return True
        time.sleep(POLL_SECONDS)
    return False


@contextlib.contextmanager
def monitor(server: RunningServer, key: str) -> Iterator[ClientConnection]:
    address, headers = f"{server.ws_url}/ws/monitor", {"x-api-key": key}
    with connect(address, additional_headers=headers) as socket:
        assert json.loads(socket.recv(10))["type"] != "error"
        yield socket


def end_of(socket: ClientConnection) -> tuple[dict[str, Any], int]:
    """The last message before the close, and its code."""
    end = time.monotonic() + CLOSED_SECONDS
    message: dict[str, Any] = {}
    try:
        while time.monotonic() < end:
            message = json.loads(socket.recv(CLOSED_SECONDS))
    except ConnectionClosed as closed:
        return message, closed.rcvd.code if closed.rcvd else 0
    raise AssertionError("the socket was still open")


def test_a_key_is_made_used_rotated_revoked_and_expires_while_the_server_runs(
    server: RunningServer, keys: Keys
) -> None:
    assert status(server, "") == 200, "no key yet, so everybody may come in"
    old = keys("create", "app", "--scopes", "tts,monitor")
    assert becomes(server, "", 401)
    assert status(server, old) == 200
    assert status(server, old, "/listen/") == 403
    assert status(server, f"{old[:-4]}0000") == 401

    new = keys("rotate", "app")
    assert becomes(server, new, 200)
    with monitor(server, old) as closing, monitor(server, new) as staying:
        keys("revoke", "app", "--secret", old[:16])
        error, code = end_of(closing)
        assert (error["code"], code) == ("unauthorized", 4401)
        assert json.loads(staying.recv(10))["type"] == "snapshot"
    assert status(server, old) == 401

    with monitor(server, new) as narrowed:
        keys("change", "app", "--scopes", "tts")
        assert "have changed" in end_of(narrowed)[0]["message"]
    assert status(server, new, "/metrics") == 403

    keys("change", "app", "--scopes", "monitor,tts", "--expires", "1h")
    assert becomes(server, new, 200, "/metrics")
    with monitor(server, new) as expiring:
        keys("change", "app", "--expires", "2020-01-01")
        assert end_of(expiring)[1] == 4401
    keys("delete", "app")
    assert becomes(server, "", 200)
    assert old.rpartition("_")[2] not in server.log
