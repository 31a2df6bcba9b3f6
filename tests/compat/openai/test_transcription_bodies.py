"""Bodies of every kind: JSON with base64 in it, and what cannot be read."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest

from common.audio import Audio, wav_bytes
from tests.compat.openai.recordings import TRANSCRIPTIONS, error, send, talk
from tests.fakes import FakeStt
from tests.stt.recordings import recorded
from tests.stt.sounds import sound

TEXT = "Hello there. Good bye."
SHORT = wav_bytes(Audio(sound(0.5, rate_hz=8_000), 8_000))


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def post(client: httpx.AsyncClient, body: Any, **more: Any) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return await client.post(TRANSCRIPTIONS, content=content, headers=headers, **more)


@pytest.mark.parametrize("prefix", ["", "data:audio/wav;base64,"])
async def test_audio_may_come_as_base64(
    client: httpx.AsyncClient, stt: FakeStt, prefix: str
) -> None:
    audio = {"data": prefix + as_base64(talk()), "format": "wav"}
    body = {"model": "whisper-1", "language": "de", "input_audio": audio, "more": [1]}
    answer = await post(client, body)
    assert answer.json()["text"] == TEXT
    assert stt.heard[0].language == "de"


async def test_fields_may_come_after_the_audio_and_be_lists_and_objects(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    body = {
        "input_audio": {"data": as_base64(talk())},
        "keywords": ["Ada", "Bo"],
        "timestamp_granularities": ["word"],
        "response_format": "verbose_json",
        "temperature": 0.5,
        "stream": False,
        "prompt": None,
        "chunking_strategy": {"type": "server_vad", "silence_duration_ms": 3_000},
    }
    answer = await post(client, body)
    assert [each["word"] for each in answer.json()["words"]] == ["Hello", "there."]
    assert stt.heard[0].hotwords == "Ada, Bo"


async def test_short_and_escaped_audio_is_read_too(client: httpx.AsyncClient) -> None:
    assert len(as_base64(SHORT)) < 32_000
    short = {"input_audio": {"data": as_base64(SHORT)}}
    assert (await post(client, short)).json()["text"] == "Hello there."
    escaped = json.dumps({"input_audio": {"data": as_base64(talk())}})
    answer = await post(client, escaped.replace("/", "\\/"))
    assert answer.json()["text"] == "Good bye. fake"


BAD_JSON: dict[str, tuple[Any, str | None]] = {
    "nothing": (b"", None),
    "no object": ([], None),
    "not json": ("{", None),
    "not text": (b"\xff\xfe{}", None),
    "deep": ("[" * 100_000, None),
    "many values": (json.dumps({"a": [1] * 2_000}), None),
    "no audio": ({"model": "x"}, "input_audio.data"),
    "audio that is null": ({"input_audio": None}, "input_audio.data"),
    "audio that is a text": ({"input_audio": "UklGRg=="}, "input_audio.data"),
    "data that is a number": ({"input_audio": {"data": 1}}, "input_audio.data"),
    "data that is empty": ({"input_audio": {"data": ""}}, "input_audio.data"),
    "no base64": ({"input_audio": {"data": "!" * 40}}, "input_audio.data"),
    "long and no base64": ({"input_audio": {"data": "!" * 99_999}}, "input_audio.data"),
    "another long text": ({"prompt": "YQ==" * 9_999}, "input_audio.data"),
    "an unknown format": (
        {"input_audio": {"data": "UklGRg=="}, "response_format": "xml"},
        "response_format",
    ),
}


@pytest.mark.parametrize(("body", "param"), BAD_JSON.values(), ids=BAD_JSON)
async def test_it_explains_a_bad_json_body(
    client: httpx.AsyncClient, body: Any, param: str | None
) -> None:
    told = error(await post(client, body))
    assert told["type"] == "invalid_request_error"
    assert told["param"] == param
    assert told["message"].endswith(".")


async def test_base64_of_something_else_is_no_recording(
    client: httpx.AsyncClient,
) -> None:
    answer = await post(client, {"input_audio": {"data": as_base64(b"x" * 99)}})
    assert error(answer)["code"] == "unsupported_audio"


BAD_FIELDS = [
    ("response_format", "xml"),
    ("temperature", "hot"),
    ("temperature", "1.5"),
    ("stream", "perhaps"),
    ("language", "klingon"),
    ("languages", "xx"),
]


@pytest.mark.parametrize(("name", "value"), BAD_FIELDS)
async def test_it_names_a_bad_field(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    told = error(await send(client, **dict[str, Any]({name: value})))
    assert (told["param"], told["type"]) == (name, "invalid_request_error")


MULTIPART = "multipart/form-data; boundary=X"
BAD_FORMS: dict[str, tuple[str, bytes, str | None]] = {
    "no file": (
        MULTIPART,
        b'--X\r\nContent-Disposition: form-data; name="model"\r\n\r\na\r\n--X--\r\n',
        "file",
    ),
    "a file as a text": (
        MULTIPART,
        b'--X\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--X--\r\n',
        "file",
    ),
    "an empty form": (MULTIPART, b"--X--\r\n", "file"),
    "nothing": (MULTIPART, b"", "file"),
    "no boundary": ("multipart/form-data", b"--X--\r\n", None),
    "too many fields": (
        MULTIPART,
        b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2_000,
        None,
    ),
    "a form without files": ("application/x-www-form-urlencoded", b"model=a", "file"),
    "a form of escapes": (
        "application/x-www-form-urlencoded",
        b"a=" + b"%41" * 1_000_000,
        None,
    ),
    "audio alone": ("audio/wav", b"RIFF", None),
    "no type": ("", b"RIFF", None),
}


@pytest.mark.parametrize(
    ("content_type", "body", "param"), BAD_FORMS.values(), ids=BAD_FORMS
)
async def test_it_explains_a_bad_form(
    client: httpx.AsyncClient, content_type: str, body: bytes, param: str | None
) -> None:
    answer = await client.post(
        TRANSCRIPTIONS, content=body, headers={"Content-Type": content_type}
    )
    assert error(answer)["param"] == param


@pytest.mark.parametrize(
    "body",
    [
        r'{"input_audio": {"data": "\ud800"}}',
        '{"prompt": ' + "[" * 900 + "]" * 900 + ', "input_audio": {"data": "AAAA"}}',
        '{"prompt": ' + '{"a":' * 900 + "1" + "}" * 901,
    ],
    ids=["half a character", "nested lists", "nested objects"],
)
async def test_json_that_cannot_be_taken_is_the_fault_of_the_client(
    client: httpx.AsyncClient, body: str
) -> None:
    answer = await post(client, body)
    assert answer.status_code == 400
    assert error(answer)["type"] == "invalid_request_error"


@pytest.mark.parametrize("field", ["prompt", "keywords"])
async def test_half_a_character_is_left_out_of_a_text(
    client: httpx.AsyncClient, stt: FakeStt, field: str
) -> None:
    audio = {"data": as_base64(talk()), "format": "wav"}
    answer = await post(client, {field: "Ada\ud800\0", "input_audio": audio})
    assert answer.json()["text"] == TEXT
    assert "Ada" in (stt.heard[0].prompt, stt.heard[0].hotwords)


async def test_a_chunking_strategy_that_is_no_json_means_that_of_the_configuration(
    client: httpx.AsyncClient,
) -> None:
    answer = await send(client, chunking_strategy="[" * 1_000)
    assert answer.json()["text"] == TEXT


@pytest.mark.parametrize("field", ["language", "languages", "chunking_strategy"])
async def test_a_field_that_is_parsed_must_be_short(
    client: httpx.AsyncClient, field: str
) -> None:
    fields: dict[str, Any] = {field: "e" * 1_001}
    told = error(await send(client, **fields))
    assert told["code"] == "bad_value"
    assert told["param"].startswith(field)


@pytest.mark.parametrize("content", [b"", b"no sound", b"RIFF\0\0\0\0WAVEfmt "])
async def test_it_refuses_a_file_without_sound(
    client: httpx.AsyncClient, content: bytes
) -> None:
    answer = await send(client, file=("x.wav", content))
    assert error(answer)["code"] == "unsupported_audio"


@pytest.mark.parametrize(
    ("container", "codec"), [("webm", "libopus"), ("mp3", "libmp3lame"), ("mp4", "aac")]
)
async def test_it_takes_what_browsers_and_phones_record(
    client: httpx.AsyncClient, container: str, codec: str
) -> None:
    samples = sound(-0.5, 1, -0.5, rate_hz=48_000)
    file = recorded(samples, container, codec, seekable=container == "mp4")
    answer = await send(client, file=("blob", file, "application/octet-stream"))
    assert answer.json()["text"] == "Hello there."


class TestLimits:
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"upload_max_mb": 1, "file_max_seconds": 30}

    async def test_a_larger_recording_is_refused(
        self, client: httpx.AsyncClient
    ) -> None:
        large = b"RIFF" + bytes(1_000_001)
        told = error(await send(client, file=("x.wav", large)))
        assert (told["code"], told["param"]) == ("too_large", "file")
        assert "`upload_max_mb`" in told["message"]
        body = {"input_audio": {"data": as_base64(large)}}
        assert error(await post(client, body))["code"] == "too_large"

    async def test_a_longer_recording_is_refused(
        self, client: httpx.AsyncClient
    ) -> None:
        quiet = Audio(np.zeros(31 * 8_000, np.float32), 8_000)
        told = error(await send(client, file=("x.wav", wav_bytes(quiet))))
        assert told["code"] == "too_large"
        assert "`file_max_seconds`" in told["message"]
