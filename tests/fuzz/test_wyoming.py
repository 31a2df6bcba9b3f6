"""Wyoming's frames and events of any content: an answer or a quiet end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from hypothesis import given, strategies as st

from common.errors import VoiceError
from compat_app.wyoming.protocol.frames import HEADER_BYTES, decode, read_frame
from tests.compat.wyoming.talking import listening, serving
from tests.fuzz.profiles import examples
from tests.fuzz.strategies import ANY_TEXT, NUMBERS, VALUES, WRONG_JSON, cut

MOST_BYTES = 1_000
KINDS = st.sampled_from(
    [
        "transcribe",
        "audio-start",
        "audio-chunk",
        "audio-stop",
        "describe",
        "ping",
        "x",
        "synthesize",
        "synthesize-start",
        "synthesize-chunk",
        "synthesize-stop",
    ]
)
FIELDS = st.sampled_from(
    ["rate", "width", "channels", "language", "name", "text", "voice", "timestamp"]
)
FIELD_VALUES = st.one_of(VALUES, st.sampled_from([1, 2, 16_000, 22_050, 48_000, "en"]))
LENGTHS = st.one_of(NUMBERS, VALUES, st.sampled_from([10**12, 2**63, -1, True, "4"]))


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """An event whose lengths may lie."""
    header: dict[str, Any] = {"type": draw(st.one_of(KINDS, KINDS, KINDS, VALUES))}
    payload = draw(st.binary(max_size=80))
    if draw(st.booleans()):
        header["data"] = draw(
            st.one_of(st.dictionaries(FIELDS, FIELD_VALUES, max_size=4), VALUES)
        )
    if payload:
        header["payload_length"] = len(payload)
    if draw(st.integers(0, 5)) == 0:
        header[draw(st.sampled_from(["data_length", "payload_length"]))] = draw(LENGTHS)
    return json.dumps(header).encode() + b"\n" + payload


def rubbish(text: str) -> bytes:
    return text.encode("utf-8", "replace") + b"\n"


CONNECTIONS = st.lists(
    st.one_of(frames(), frames(), frames(), st.binary(max_size=60))
    | st.one_of(WRONG_JSON, ANY_TEXT).map(rubbish),
    min_size=1,
    max_size=6,
)


@examples(150)
@given(CONNECTIONS.map(b"".join).flatmap(cut))
def test_a_frame_is_read_or_refused(pieces: list[bytes]) -> None:
    async def read_all() -> None:
        reader = asyncio.StreamReader(limit=HEADER_BYTES)
        for piece in pieces:
            reader.feed_data(piece)
        reader.feed_eof()
        try:
            while (frame := await read_frame(reader, MOST_BYTES)) is not None:
                assert len(frame.payload) <= MOST_BYTES
                decode(frame.text)
        except VoiceError as error:
            assert error.http_status < 500

    asyncio.run(read_all())


def test_a_connection_is_answered_or_ends_quietly(caplog: Any) -> None:
    services = listening()

    async def send(data: bytes) -> None:
        async with serving(services) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(data)
            writer.write_eof()
            # Closing with something unread resets a connection.
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 10)
            writer.close()
        assert services.sessions.count("wyoming") == 0

    @examples(40)
    @given(CONNECTIONS.map(b"".join))
    def survives(data: bytes) -> None:
        caplog.clear()
        asyncio.run(send(data))
        assert not [each for each in caplog.records if each.levelno >= logging.ERROR]

    survives()
