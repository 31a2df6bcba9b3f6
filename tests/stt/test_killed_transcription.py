"""A transcription that is killed goes on where it was, with the real model."""

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


@pytest.mark.model
def test_it_goes_on_where_it_was_killed(spoken: Audio, tmp_path: Path) -> None:
    times = 40
    pause = np.zeros(16_000, np.float32)
    whole = np.tile(np.concatenate([spoken.samples, pause]), times)
    recording, journal = tmp_path / "fox.wav", tmp_path / "fox.json.part"
    recording.write_bytes(wav_bytes(Audio(whole, 16_000)))
    command = [sys.executable, "manage.py", "transcribe", str(recording)]
    command += ["--format", "json"]
    environment = {**os.environ, "WHISPER_MODEL_NAME": "tiny.en"}
    first = subprocess.Popen(command, cwd=project_dir(), env=environment)
    wait_until(lambda: lines(journal) > 8)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "fox.json").exists()
    before = lines(journal)
    done = subprocess.run(
        command, cwd=project_dir(), env=environment, check=True, timeout=120
    )
    assert done.returncode == 0
    assert before > 8
    written = json.loads((tmp_path / "fox.json").read_text())
    assert len(written["utterances"]) == times
    # A word in nine may be misheard; a sentence that is missing or doubled may not.
    assert word_error_rate([(f"{SENTENCE} " * times, written["text"])]) < 0.12
    assert not journal.exists()


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_until(true: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not come so far."
        time.sleep(0.05)
