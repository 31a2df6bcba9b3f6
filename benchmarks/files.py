"""`manage.py transcribe` on a recording of hours: its memory and its speed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.growth import HEADER, LOOK_EVERY_SECONDS, Growth
from benchmarks.playlist import playlist
from benchmarks.report import ROOT, table
from common.audio import SPEECH_RATE_HZ, Samples, float_to_pcm16

PORTION_SECONDS = 60.0
WARM_UP_SHARE = 0.2


def run(flags: Flags) -> str:
    """A table for each model."""
    clips = [samples_of(clip) for clip in short_english(flags)]
    if not clips:
        return LEFT_OUT.format(name="files")
    with tempfile.TemporaryDirectory(prefix="voice-files-") as folder:
        recording = Path(folder) / "recording.wav"
        seconds = _record(recording, clips, 60 * flags.minutes)
        return "\n".join(_table(model, recording, seconds) for model in flags.models)


def _record(path: Path, clips: Sequence[Samples], seconds: float) -> float:
    """Speech with pauses, written a portion at a time; how long it became."""
    written = number = 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH_RATE_HZ)
        while written < seconds * SPEECH_RATE_HZ:
            portion = playlist(clips, (number,), PORTION_SECONDS)
            file.writeframes(float_to_pcm16(portion))
            written, number = written + len(portion), number + 1
    return written / SPEECH_RATE_HZ


def _table(model: str, recording: Path, seconds: float) -> str:
    began, growth = time.monotonic(), Growth()
    command = subprocess.Popen(
        [sys.executable, "manage.py", "transcribe", str(recording)],
        cwd=ROOT,
        env={**os.environ, "WHISPER_MODEL_NAME": model, "WHISPER_LANG": "en"},
    )
    while command.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            growth.look(command.pid)
        time.sleep(LOOK_EVERY_SECONDS)
    taken = time.monotonic() - began
    if command.returncode:
        raise RuntimeError("the transcription failed")
    words = len(recording.with_suffix(".txt").read_text(encoding="utf-8").split())
    title = (
        f"A recording of {seconds / 60:.0f} minutes, {model}: {words} words "
        f"in {taken:.0f} s, real-time factor {taken / seconds:.2f}"
    )
    return table(title, HEADER, growth.rows(WARM_UP_SHARE * taken / 3600))
