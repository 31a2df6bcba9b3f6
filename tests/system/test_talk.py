"""`manage.py talk` with a real server, as a developer runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from common.audio import read_wav
from common.config import project_dir
from tests.clients import speak
from tests.server_process import RunningServer
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

QUESTION = "What is the capital of France?"


def talk(server: RunningServer, *arguments: str) -> subprocess.Popen[str]:
    """The command, which is running."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "talk", "--url", server.url, *arguments],
        cwd=project_dir(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_it_asks_aloud_and_in_writing(
    server: RunningServer, tmp_path: Path
) -> None:
    question, reply = tmp_path / "question.wav", tmp_path / "reply.wav"
    spoken = await speak(server.url, text=QUESTION, llm=False, format="wav")
    question.write_bytes(spoken.body)
    said = ["--in", str(question), "--text", "And of Italy?", "--out", str(reply)]
    running = talk(server, *said, "--json", "--max-tokens", "12")
    printed, errors = running.communicate(timeout=90)
    assert (running.returncode, errors) == (0, "")
    events: list[dict[str, Any]] = [json.loads(line) for line in printed.splitlines()]
    kinds = Counter(each["type"] for each in events)
    assert kinds["talk.reply"] == kinds["talk.audible"] == 2
    (turn,) = [each for each in events if each["type"].endswith("ription.completed")]
    assert word_error_rate([(QUESTION, turn["transcript"])]) <= 0.35
    replies = [each for each in events if each["type"] == "talk.reply"]
    heard_seconds = sum(each["heard_ms"] for each in replies) / 1000
    assert all(0 < each["waited_ms"] < 20_000 for each in replies)
    recorded = read_wav(reply)
    assert recorded.samples.any()
    assert recorded.seconds >= heard_seconds > 0.2


def test_ctrl_c_ends_it_with_what_was_heard(
    server: RunningServer, tmp_path: Path
) -> None:
    reply = tmp_path / "reply.wav"
    running = talk(server, "--text", "--out", str(reply))
    assert running.stdin is not None and running.stdout is not None
    running.stdin.write("Tell me a very long story.\n")
    running.stdin.flush()
    assert running.stdout.readline() == "you: Tell me a very long story.\n"
    assert running.stdout.read(4) == "it: "
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=20)
    assert running.returncode == 130
    assert errors.strip() == "CommandError: Stopped."
    assert read_wav(reply).seconds > 0.1
