"""Base64 audio is taken out of a JSON text, however the text is cut into pieces."""

from __future__ import annotations

import base64
import io
import json
import random
from typing import Any

import pytest

from common.errors import BadRequest, BadValue, TooLarge
from compat_app.openai.transcriptions.long_string import (
    LONG_BYTES,
    MOST_OTHER_BYTES,
    Base64Writer,
    LongStringCutter,
)

AUDIO = random.Random(1).randbytes(100_001)
DATA = base64.b64encode(AUDIO).decode()


def cut(text: bytes, *sizes: int) -> tuple[Any, bytes, bool]:
    """The JSON without the long string, the audio, and whether there was one."""
    file = io.BytesIO()
    writer = Base64Writer(file)
    cutter = LongStringCutter(writer)
    at = 0
    for size in [*sizes, len(text)]:
        cutter.take(text[at : at + size])
        at += size
    writer.end()
    return json.loads(cutter.text()), file.getvalue(), cutter.cut


@pytest.mark.parametrize("seed", range(12))
def test_it_finds_the_audio_in_pieces_of_any_size(seed: int) -> None:
    chance = random.Random(seed)
    body = {"a": 'a "quoted" text', "input_audio": {"data": DATA}, "b": ["é", 1]}
    text = json.dumps(body)
    if seed % 2:
        text = text.replace("/", "\\/")
    sizes = [chance.randint(1, 20_000) for _ in range(20)]
    found, audio, was_long = cut(text.encode(), *sizes)
    assert found == {**body, "input_audio": {"data": ""}}
    assert audio == AUDIO
    assert was_long


def test_it_leaves_a_short_string_where_it_is() -> None:
    body = {"data": "x" * LONG_BYTES}
    found, audio, was_long = cut(json.dumps(body).encode())
    assert (found, audio, was_long) == (body, b"", False)


@pytest.mark.parametrize(
    "text",
    [
        DATA,
        DATA.rstrip("="),
        f"data:audio/mpeg;base64,{DATA}",
        "\\n".join(DATA[at : at + 76] for at in range(0, len(DATA), 76)),
        "\\r\\n".join(DATA[at : at + 76] for at in range(0, len(DATA), 76)),
    ],
    ids=["plain", "unpadded", "data url", "lines", "lines of MIME"],
)
@pytest.mark.parametrize("step", [1_000, 65_536, 1_000_000])
def test_it_decodes_base64_as_clients_write_it(text: str, step: int) -> None:
    file = io.BytesIO()
    writer = Base64Writer(file)
    for at in range(0, len(text), step):
        writer.write(text[at : at + step].encode())
    writer.end()
    assert file.getvalue() == AUDIO


@pytest.mark.parametrize("text", ["YQ==YQ==", "Y!==", "Y", "YWJj\\u0041", "YQ===="])
def test_it_refuses_what_is_no_base64(text: str) -> None:
    writer = Base64Writer(io.BytesIO())
    with pytest.raises(BadValue) as refused:
        writer.write(text.encode())
        writer.end()
    assert refused.value.field == "input_audio.data"


def test_it_takes_one_long_string_only() -> None:
    with pytest.raises(TooLarge):
        cut(json.dumps([DATA, DATA]).encode())


def test_it_keeps_little_besides_the_audio() -> None:
    cutter = LongStringCutter(Base64Writer(io.BytesIO()))
    with pytest.raises(TooLarge):
        for _ in range(MOST_OTHER_BYTES // 10 + 1):
            cutter.take(b'"12345678",')


def test_it_refuses_a_text_in_another_encoding() -> None:
    cutter = LongStringCutter(Base64Writer(io.BytesIO()))
    cutter.take(b"\xff\xfe")
    with pytest.raises(BadRequest):
        cutter.text()
