"""What the README tells a newcomer to run, run as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common.config import project_dir
from tests.server_process import RunningServer

pytestmark = [pytest.mark.server, pytest.mark.model]

README = (project_dir() / "README.md").read_text(encoding="utf-8")
USUAL_ADDRESS = "127.0.0.1:8000"


def block(language: str, mark: str, server: RunningServer) -> str:
    """The first code block of a language that holds the mark, for this server."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    found: str = next(text for text in blocks if mark in text)
    return found.replace(USUAL_ADDRESS, f"127.0.0.1:{server.port}")


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_first_steps_speak_and_listen(
    server: RunningServer, tmp_path: Path
) -> None:
    run("sh", "-c", block("sh", "curl", server), folder=tmp_path)
    assert (tmp_path / "hello.wav").read_bytes()[:4] == b"RIFF"
    answer = run("sh", "-c", block("sh", "transcriptions", server), folder=tmp_path)
    assert "world" in json.loads(answer)["text"].lower()
    program = block("python", "websockets", server)
    heard = run(sys.executable, "-c", program, folder=tmp_path)
    assert "world" in heard.lower()
