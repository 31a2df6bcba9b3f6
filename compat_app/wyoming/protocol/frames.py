"""Wyoming's frames: a line of JSON, further JSON, and a payload, all of bounded length.

The library reads whatever length a client claims, so only its writer is used here.
"""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass
from typing import Any

from wyoming.event import Event, write_event

from common.bounded_json import may_have_halves, read_json
from common.errors import BadRequest, TooLarge

HEADER_BYTES = 64 * 1024
"""The longest line that begins an event."""


@dataclass(frozen=True)
class Frame:
    """One event as it came: its JSON, still as text, and its payload."""

    text: str
    """The header line, and after it the JSON that the header announced."""
    payload: bytes


@dataclass(frozen=True)
class Received:
    """An event without its payload, and who wrote it."""

    event: Event
    version: str
    """Version of the client's Wyoming library; empty if it does not say."""


async def read_frame(reader: asyncio.StreamReader, most_bytes: int) -> Frame | None:
    """The next event; None when the client is gone.

    `most_bytes` limits data and payload, each. Raises BadRequest or TooLarge, after
    which nothing more can be read: where the next event begins is unknown.
    """
    try:
        header = _text(await reader.readuntil(b"\n"))
        data_length, payload_length = _lengths(header, most_bytes)
        data = _text(await reader.readexactly(data_length))
        return Frame(header + data, await reader.readexactly(payload_length))
    except asyncio.LimitOverrunError as error:
        raise TooLarge(
            f"The header line of an event may be {HEADER_BYTES} bytes at most."
        ) from error
    except (asyncio.IncompleteReadError, OSError):
        return None


def decode(text: str) -> Received:
    """The event in a frame's text. Raises BadRequest."""
    header_text, _, data_text = text.partition("\n")
    header = _object(header_text, "header")
    kind, data = header.get("type"), header.get("data") or {}
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise BadRequest("An event needs a `type`, and its `data` is an object.")
    if data_text:
        data = {**data, **_object(data_text, "data")}
    return Received(Event(kind, data), str(header.get("version") or ""))


def encode(event: Event) -> bytes:
    """The event as the library writes it."""
    written = io.BytesIO()
    write_event(event, written)
    return written.getvalue()


def _lengths(header_text: str, most_bytes: int) -> tuple[int, int]:
    header = _object(header_text, "header")
    return (
        _length(header, "data_length", most_bytes),
        _length(header, "payload_length", most_bytes),
    )


def _length(header: dict[str, Any], field: str, most_bytes: int) -> int:
    length = header.get(field) or 0
    if not isinstance(length, int) or length < 0:
        raise BadRequest(f"`{field}` must be a number of bytes.", field=field)
    if length > most_bytes:
        raise TooLarge(
            f"`{field}` is {length}; at most {most_bytes} bytes are allowed "
            "(`wyoming_max_event_kb`).",
            field=field,
        )
    return length


def _object(text: str, what: str) -> dict[str, Any]:
    plain = read_json(text, f"{what} of the event", takes_halves=True)
    if not isinstance(plain, dict):
        raise BadRequest(f"The {what} of an event must be a JSON object.")
    return _without_lone_surrogates(plain) if may_have_halves(text) else plain


def _without_lone_surrogates(plain: dict[str, Any]) -> dict[str, Any]:
    """JSON can escape half a surrogate pair, which nothing can write again."""
    written = json.dumps(plain, ensure_ascii=False).encode(errors="replace")
    cleaned: dict[str, Any] = json.loads(written)
    return cleaned


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The JSON of an event must be UTF-8.") from error
