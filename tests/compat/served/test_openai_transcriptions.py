"""The real openai package over real sockets: sync, async, streamed, every format."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.compat.served.voice import talk
from tests.project.test_serve_bodies import LONGEST_HOLD_SECONDS, least_hold
from tests.server_process import RunningServer

pytestmark = pytest.mark.server

MANY = 40_000_000
ADDRESS = "/v1/audio/transcriptions"
VAD: Any = {"type": "server_vad", "threshold": 0.4, "silence_duration_ms": 400}


@pytest.fixture
def client(server: RunningServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0)


@pytest.fixture(scope="module")
def recording() -> tuple[str, bytes]:
    return "talk.wav", talk()


@contextlib.contextmanager
def grows_by_less_than(server: RunningServer, size_bytes: float) -> Iterator[None]:
    """Check the most memory that the server's process had in this block."""
    process = Path(f"/proc/{server.pid}")
    (process / "clear_refs").write_text("5")  # the peak starts again at what is used
    before = peak_bytes(process)
    yield
    assert peak_bytes(process) - before < size_bytes


def peak_bytes(process: Path) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    assert found
    return int(found[1]) * 1_024


async def test_it_transcribes_for_many_at_once(
    server: RunningServer, recording: tuple[str, bytes]
) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any") as client:
        asked = (
            client.audio.transcriptions.create(
                model="whisper-1", file=recording, chunking_strategy=VAD
            )
            for _ in range(3)
        )
        answers = await asyncio.gather(*asked)
    assert {each.text for each in answers} == {"fake fake"}
    usage = answers[0].usage
    assert usage is not None
    assert usage.type == "duration"
    assert usage.seconds == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("response_format", "expected"),
    [
        ("text", "fake fake\n"),
        ("srt", "1\n00:00:"),
        ("vtt", "WEBVTT\n\n00:00:"),
        ("json", "fake fake"),
        ("verbose_json", "fake fake"),
        ("diarized_json", "fake fake"),
    ],
)
def test_it_answers_in_each_format(
    client: openai.OpenAI,
    recording: tuple[str, bytes],
    response_format: Any,
    expected: str,
) -> None:
    found: Any = client.audio.transcriptions.create(
        model="whisper-1",
        file=recording,
        response_format=response_format,
        chunking_strategy=VAD,
        timestamp_granularities=["word"],
        language="en",
    )
    text = found if isinstance(found, str) else found.text
    assert text.startswith(expected)
    if response_format == "verbose_json":
        assert [each.word for each in found.words] == ["fake", "fake"]
        assert [each.id for each in found.segments] == [0, 1]
    if response_format == "diarized_json":
        assert {each.speaker for each in found.segments} == {"A"}


def test_it_streams(client: openai.OpenAI, recording: tuple[str, bytes]) -> None:
    events = client.audio.transcriptions.create(
        model="gpt-4o-transcribe",
        file=recording,
        stream=True,
        include=["logprobs"],
        chunking_strategy=VAD,
        keywords=["Ada"],
        languages=["en"],
    )
    kinds = [each.type for each in events]
    assert kinds == [*["transcript.text.delta"] * 2, "transcript.text.done"]


@pytest.mark.filterwarnings("ignore:deprecated")
def test_it_translates(client: openai.OpenAI, recording: tuple[str, bytes]) -> None:
    found = client.audio.translations.create(
        model="whisper-1", file=recording, response_format="verbose_json"
    )
    assert found.language == "english"


def test_the_packages_errors_are_raised(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(model="a", file=("x.wav", b"no sound"))
    assert refused.value.code == "unsupported_audio"
    assert refused.value.request_id
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(
            model="a", file=("x.wav", b"x"), language="klingon"
        )
    assert refused.value.param == "language"


def test_a_large_recording_is_never_whole_in_memory(
    server: RunningServer, client: openai.OpenAI, tmp_path: Path
) -> None:
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.write(b"no sound")
        file.truncate(MANY)
    refused = pytest.raises(openai.BadRequestError)
    with grows_by_less_than(server, MANY / 2), path.open("rb") as file, refused:
        client.audio.transcriptions.create(model="a", file=file)


def test_base64_of_many_megabytes_does_not_stop_others(server: RunningServer) -> None:
    head, tail = b'{"input_audio": {"data": "', b'"}}'
    body = head + b"AAAA" * (MANY // 4) + tail
    headers = {"Content-Type": "application/json"}

    def send() -> httpx.Response:
        content = io.BytesIO(body)
        return httpx.post(
            server.url + ADDRESS, content=content, headers=headers, timeout=60
        )

    with grows_by_less_than(server, MANY / 2):
        seconds, answer = least_hold(server, send, LONGEST_HOLD_SECONDS)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unsupported_audio"
    assert seconds < LONGEST_HOLD_SECONDS


def test_a_body_over_the_limit_is_refused_before_it_comes(
    server: RunningServer,
) -> None:
    head = f"POST {ADDRESS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600000000"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(f"{head}\r\n\r\n".encode())
        answer = raw.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code": "too_large"' in answer
    assert b"at most 500 MB" in answer
