"""The data of a server that runs: forgotten, backed up, and safe from a restore."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from common.config import project_dir
from tests.project.server.test_serve import FAKES
from tests.server_process import (
    RunningServer,
    running_server,
    server_environment,
)

pytestmark = pytest.mark.server

CANARY = "a canary that sang of its owner"


def manage(
    settings: dict[str, Any], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project_dir(),
        env={**os.environ, **server_environment(settings)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def speak(server: RunningServer, text: str) -> None:
    answer = httpx.post(
        f"{server.url}/tts",
        json={"text": text, "llm": False},
        timeout=30,
    )
    assert answer.status_code == 200


def recent_texts(server: RunningServer) -> str:
    """What the monitor shows to the address that the requests came from."""
    with connect(f"{server.ws_url}/ws/monitor") as monitor:
        for _ in range(5):
            message = json.loads(monitor.recv(timeout=10))
            if "recent" in message:
                return json.dumps(message["recent"])
    raise AssertionError("no snapshot")


def copies(folder: Path) -> int:
    """How often the folder's files hold the phrase."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(data.count(CANARY.encode()) for data in files)


def test_commands_work_beside_a_running_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = {"data_dir": data, "voices_dir": tmp_path / "voices"}
    with running_server(**FAKES, **settings) as server:
        speak(server, CANARY)
        assert CANARY in recent_texts(server)

        archive = tmp_path / "backup.zip"
        made = manage(settings, "backup", str(archive))
        assert (made.returncode, made.stderr) == (0, "")
        refused = manage(settings, "restore", str(archive))
        assert refused.returncode == 1
        assert "A server uses" in refused.stderr

        done = manage(settings, "forget", "127.0.0.1", "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Telling running servers" in done.stdout
        assert copies(data) == 0
        assert CANARY not in recent_texts(server)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in data.rglob("*")}
        assert modes <= {0o600, 0o700}
