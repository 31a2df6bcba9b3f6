"""`manage.py transcribe`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from common.audio import Audio, wav_bytes
from tests.project.commands.management_command import Ran, manage

pytestmark = pytest.mark.server

FAKE = {"STT_ENGINE": "tests.project.fake_engines:Stt"}
NO_HUB = "http://127.0.0.1:9"


def transcribe(folder: Path, *arguments: str, **settings: str) -> Ran:
    return manage(folder, NO_HUB, "transcribe", *arguments, **settings)


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    path = tmp_path / "silence.wav"
    path.write_bytes(wav_bytes(Audio(np.zeros(16_000, np.float32), 16_000)))
    return path


def test_it_writes_a_file_beside_the_recording(silence: Path, tmp_path: Path) -> None:
    formats = ("--format", "text", "--format", "vtt")
    ran = transcribe(tmp_path, str(silence), *formats, **FAKE)
    assert (ran.code, ran.errors) == (0, "")
    assert (tmp_path / "silence.txt").read_text() == ""
    assert (tmp_path / "silence.vtt").read_text() == "WEBVTT\n"
    assert not list(tmp_path.glob("*.part"))


def test_it_prints_when_asked(silence: Path, tmp_path: Path) -> None:
    ran = transcribe(tmp_path, str(silence), "--output", "-", "--format=json", **FAKE)
    assert json.loads(ran.output) == {"text": "", "model": None, "utterances": []}


def test_it_goes_on_after_a_file_that_it_cannot_read(
    silence: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.mp3").write_text("no sound here")
    out = tmp_path / "out"
    names = ("notes.mp3", "missing.wav", "silence.wav")
    files = [str(tmp_path / name) for name in names]
    ran = transcribe(tmp_path, *files, "--output", str(out), **FAKE)
    assert ran.code == 1
    assert (
        "notes.mp3: The file is not audio or video in a known format: WAV" in ran.errors
    )
    assert "missing.wav: No such file or directory" in ran.errors
    assert "Traceback" not in ran.errors
    assert [path.name for path in out.iterdir()] == ["silence.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--language", "xx"], "'xx' is not known; use `auto` or a code such as `en`"),
        (["--track", "0"], "'0' is not a track; use 1 to 99"),
        (["--format", "pdf"], "invalid choice: 'pdf'"),
        (["--output", "x.srt", "--format=srt", "--format=vtt"], "need a folder"),
        (["silence.wav", "--output", "out"], "would both be written to"),
    ],
)
def test_it_says_what_is_wrong(
    arguments: list[str], said: str, silence: Path, tmp_path: Path
) -> None:
    ran = transcribe(tmp_path, str(silence), *arguments, **FAKE)
    assert ran.code != 0
    assert said in ran.errors
    assert "Traceback" not in ran.errors
