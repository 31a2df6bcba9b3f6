"""A transcription that is stopped or killed goes on where it was, with the real model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from common.audio import Audio, wav_bytes
from common.config import project_dir
from tests.stt.conftest import SENTENCE
from tests.word_errors import word_error_rate

TIMES = 24


@pytest.mark.model
def test_it_goes_on_where_it_was_stopped_and_where_it_was_killed(
    spoken: Audio, tmp_path: Path
) -> None:
    pause = np.zeros(16_000, np.float32)
    whole = np.tile(np.concatenate([spoken.samples, pause]), TIMES)
    recording, journal = tmp_path / "fox.wav", tmp_path / "fox.json.part"
    recording.write_bytes(wav_bytes(Audio(whole, 16_000)))

    first = transcribing(recording)
    wait_until(lambda: lines(journal) > 4)
    # Ctrl-C reaches everything that the command has started.
    os.killpg(first.pid, signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    assert said.strip().endswith("Stopped. Run the same command again to resume.")
    assert "Traceback" not in said
    stopped_at = lines(journal)

    second = transcribing(recording)
    wait_until(lambda: lines(journal) > stopped_at + 3)
    second.kill()
    second.communicate()
    assert not (tmp_path / "fox.json").exists()

    third = transcribing(recording)
    third.communicate(timeout=120)
    assert third.returncode == 0
    written = json.loads((tmp_path / "fox.json").read_text())
    assert len(written["utterances"]) == TIMES
    # A word in nine may be misheard; a sentence that is missing or doubled may not.
    assert word_error_rate([(f"{SENTENCE} " * TIMES, written["text"])]) < 0.12
    assert not journal.exists()


def transcribing(recording: Path) -> subprocess.Popen[str]:
    """The command, at work in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "transcribe", str(recording), "--format", "json"],
        cwd=project_dir(),
        env={**os.environ, "WHISPER_MODEL_NAME": "tiny.en"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_until(true: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not come so far."
        time.sleep(0.05)
