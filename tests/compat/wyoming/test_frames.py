"""Frames of bounded length, and what is told about those that are broken."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from wyoming.event import Event, async_read_event

from common.errors import BadRequest, TooLarge, VoiceError
from compat_app.wyoming.protocol.frames import HEADER_BYTES, decode, encode, read_frame

MOST_BYTES = 1_000


def reader_of(*parts: bytes) -> asyncio.StreamReader:
    """A connection on which these bytes came, and then its end."""
    reader = asyncio.StreamReader(limit=HEADER_BYTES)
    for part in parts:
        reader.feed_data(part)
    reader.feed_eof()
    return reader


def line(**header: Any) -> bytes:
    return json.dumps(header).encode() + b"\n"


async def test_it_reads_an_event_in_any_pieces() -> None:
    data = b'{"rate": 16000}'
    header = line(type="audio-chunk", data_length=len(data), payload_length=4)
    whole = header + data + b"\x01\x02\x03\x04"
    for split in range(1, len(whole)):
        reader = reader_of(whole[:split], whole[split:])
        frame = await read_frame(reader, MOST_BYTES)
        assert frame is not None
        assert frame.payload == b"\x01\x02\x03\x04"
        assert decode(frame.text).event == Event("audio-chunk", {"rate": 16_000})
        assert await read_frame(reader, MOST_BYTES) is None


async def test_what_follows_the_header_counts_more_than_the_header() -> None:
    data = b'{"language": "de"}'
    header = line(
        type="transcribe",
        data={"language": "en", "name": "base"},
        data_length=len(data),
        version="1.7.1",
    )
    frame = await read_frame(reader_of(header + data), MOST_BYTES)
    assert frame is not None
    received = decode(frame.text)
    assert received.event.data == {"language": "de", "name": "base"}
    assert received.version == "1.7.1"


@pytest.mark.parametrize("field", ["data_length", "payload_length"])
async def test_it_reads_as_much_as_the_limit_and_no_more(field: str) -> None:
    header = {"type": "ping", field: MOST_BYTES}
    filling = b'{"text": "' + b"a" * (MOST_BYTES - 12) + b'"}'
    frame = await read_frame(reader_of(line(**header) + filling), MOST_BYTES)
    assert frame is not None
    header[field] = MOST_BYTES + 1
    with pytest.raises(TooLarge, match="wyoming_max_event_kb"):
        await read_frame(reader_of(line(**header)), MOST_BYTES)


async def test_it_stops_at_a_header_without_an_end() -> None:
    with pytest.raises(TooLarge, match=str(HEADER_BYTES)):
        await read_frame(reader_of(b'{"type": "' + b"a" * 2 * HEADER_BYTES), MOST_BYTES)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b'{"type": "ping"',
        line(type="ping", data_length=5) + b"{}",
        line(type="audio-chunk", payload_length=5) + b"1234",
    ],
)
async def test_a_client_that_is_gone_sends_nothing_more(sent: bytes) -> None:
    assert await read_frame(reader_of(sent), MOST_BYTES) is None


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "not valid JSON"),
        (b"\n", "not valid JSON"),
        (b"\xff\xfe\n", "UTF-8"),
        (b"[1, 2]\n", "JSON object"),
        (b"null\n", "JSON object"),
        (b"[" * 5_000 + b"\n", "more than 1000 values"),
        (b'{"a":' * 900 + b"1" + b"}" * 900 + b"\n", "."),
        (line(type="ping", data_length=-1), "`data_length`"),
        (line(type="ping", data_length="many"), "`data_length`"),
        (line(type="ping", payload_length=1.5), "`payload_length`"),
        (line(type="ping", payload_length=[]) + b"", ""),
        (line(data={}), "`type`"),
        (line(type=7), "`type`"),
        (line(type="ping", data=[1]), "`data`"),
        (line(type="ping", data_length=2) + b"[]", "JSON object"),
        (line(type="ping", data_length=2) + b"{x", "not valid JSON"),
        (line(type="ping", data_length=2) + b"\xff\xff", "UTF-8"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_it_says_what_is_wrong_with_a_frame(sent: bytes, sentence: str) -> None:
    async def read() -> None:
        frame = await read_frame(reader_of(sent), MOST_BYTES)
        assert frame is not None
        decode(frame.text)

    try:
        await read()
    except VoiceError as error:
        assert isinstance(error, BadRequest)
        assert sentence in error.message
    else:
        assert not sentence


def test_half_a_surrogate_pair_is_replaced() -> None:
    header = r'{"type": "ping", "data": {"text": "a\uD800b", "full": "\ud83d\ude00"}}'
    event = decode(f"{header}\n").event
    assert event.data == {"text": "a?b", "full": "\N{GRINNING FACE}"}
    assert encode(event)


async def test_the_library_reads_what_is_written() -> None:
    event = Event("transcript", {"text": "Grüße"}, b"\x00\n\x01")
    reader = reader_of(encode(event))
    assert await async_read_event(reader) == event
