"""`manage.py talk`: its options, and how it ends."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from common.audio import Audio, wav_bytes
from tests.server_process import free_port
from voiceproject.talk.connection import socket_url
from voiceproject.talk.recordings import read_recording


@pytest.fixture
def question(tmp_path: Path) -> str:
    path = tmp_path / "question.wav"
    path.write_bytes(wav_bytes(Audio(np.zeros(1_600, np.float32), 16_000)))
    return str(path)


def refusal(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as refused:
        call_command("talk", *arguments, stdout=io.StringIO())
    return refused.value


def test_it_says_how_to_start_a_server_when_none_answers(question: str) -> None:
    port = free_port()
    ended = refusal("--port", str(port), "--in", question)
    assert ended.returncode == 3
    assert f"No server answers at http://127.0.0.1:{port}" in str(ended)
    assert str(ended).endswith(f"Start it:\n    make run PORT={port}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--in", "missing.wav"], "missing.wav: No such file or directory"),
        (["--in", "manage.py"], "manage.py: "),
        (["--in", "tests"], "tests: Is a directory"),
        (["--text", " "], "a text must not be empty"),
        (["--key", "a\nb", "--text", "Hi."], "printable ASCII"),
        (["--key", "schlüssel", "--text", "Hi."], "printable ASCII"),
        (["--in", "QUESTION", "--out", "tests"], "Is a directory: 'tests'"),
        (["--url", "ftp://voice.example", "--text", "Hi."], "is no address"),
        (["--url", "http://voice.example:99999", "--text", "Hi."], "is no address"),
        (["--url", "http://[::1", "--text", "Hi."], "is no address"),
        (["--url", "http://.", "--text", "Hi."], "is no address"),
        (["--url", f"http://{'a' * 70}.example", "--text", "Hi."], "is no address"),
        (["--port", "-5", "--text", "Hi."], "is no address"),
        (["--language", "xx"], "'xx' is not known; use `auto` or a code"),
        (["--pause", "-1"], "'-1' are no seconds; use a number such as 1.5"),
        (["--timeout", "soon"], "'soon' are no seconds"),
    ],
)
def test_it_says_what_is_wrong(question: str, arguments: list[str], said: str) -> None:
    given = [question if each == "QUESTION" else each for each in arguments]
    assert said in str(refusal(*given))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_mulaw"])
def test_it_takes_recordings_of_any_depth(
    tmp_path: Path, codec: str, channels: int
) -> None:
    path = tmp_path / "said.wav"
    samples = np.full((channels, 8_000), 0.25, np.float32)
    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream(codec, rate=8_000, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.rate = 8_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    audio = read_recording(path)
    assert audio.seconds == pytest.approx(1.0, abs=0.01)
    assert np.allclose(audio.samples[2_000:-2_000], 0.25, atol=0.01)


def test_it_takes_what_is_left_of_a_recording_that_is_cut_off(question: str) -> None:
    path = Path(question)
    path.write_bytes(path.read_bytes()[:-801])
    assert read_recording(path).seconds == pytest.approx(0.075, abs=0.001)
    path.write_bytes(path.read_bytes()[:44])
    with pytest.raises(ValueError, match="no audio"):
        read_recording(path)


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(Audio(np.zeros(8_001, np.float32), 8_000)))
    assert read_recording(path, longest_seconds=2).seconds == pytest.approx(1, abs=0.01)
    with pytest.raises(ValueError, match="more than 1 seconds"):
        read_recording(path, longest_seconds=1)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("voice.example", "ws://voice.example/ws/voice"),
        ("localhost:9000", "ws://localhost:9000/ws/voice"),
        ("https://voice.example/", "wss://voice.example/ws/voice"),
        ("https://voice.example/voice", "wss://voice.example/voice/ws/voice"),
        ("wss://voice.example/ws/voice", "wss://voice.example/ws/voice"),
    ],
)
def test_it_finds_the_socket_of_a_server(given: str, address: str) -> None:
    assert socket_url(given) == address
