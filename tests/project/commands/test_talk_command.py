"""`manage.py talk`: its options, and how it ends."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from common.audio import Audio, wav_bytes
from tests.server_process import free_port
from voiceproject.talk.connection import socket_url


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
        (["--in", "manage.py"], "manage.py: not a WAV file"),
        (["--url", "ftp://voice.example", "--text", "Hi."], "is no address"),
        (["--language", "xx"], "'xx' is not known; use `auto` or a code"),
        (["--pause", "-1"], "'-1' are no seconds; use a number such as 1.5"),
        (["--timeout", "soon"], "'soon' are no seconds"),
    ],
)
def test_it_says_what_is_wrong(arguments: list[str], said: str) -> None:
    assert said in str(refusal(*arguments))


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
