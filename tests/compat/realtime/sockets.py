"""A client of `/v1/realtime` in the application itself, without a network.

Every event that it reads is checked by the types of the openai library.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from channels.testing import WebsocketCommunicator

from tests.compat.realtime.sdk_types import check_event
from tests.patient_socket import PatientSocket
from tests.stt.sounds import pcm
from voiceproject.asgi import build_application

RATE_HZ = 24_000
CHUNK_BYTES = RATE_HZ // 20 * 2
"""50 ms, as LiveKit sends it."""
TRANSCRIPTION = "conversation.item.input_audio_transcription"
NO_TURNS = {"audio": {"input": {"turn_detection": None}}}


class CheckedClient:
    """Sends client events, with audio as base64 in the events named APPEND, and reads
    server events, which `check` looks at."""

    APPEND = "input_audio_buffer.append"

    def check(self, event: dict[str, Any]) -> None:
        """Raises if the library does not know it."""
        check_event(event)

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send_json_to({"type": kind, **fields})

    async def append(self, audio: bytes) -> None:
        await self.send(self.APPEND, audio=base64.b64encode(audio).decode())

    async def say(self, *parts: Any, rate_hz: int = RATE_HZ) -> None:
        """Seconds of tone, or of silence if negative, in small appends."""
        audio = pcm(*parts, rate_hz=rate_hz)
        for start in range(0, len(audio), CHUNK_BYTES):
            await self.append(audio[start : start + CHUNK_BYTES])

    async def next(self) -> dict[str, Any]:
        event: dict[str, Any] = await self.socket.receive_json_from()
        self.check(event)
        return event

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """All events up to one of these kinds."""
        events = [await self.next()]
        while events[-1]["type"] not in kinds:
            events.append(await self.next())
        return events

    async def error(self) -> dict[str, Any]:
        """The next event, an error."""
        event = await self.next()
        assert event["type"] == "error", event
        found: dict[str, Any] = event["error"]
        return found

    async def until_closed(self) -> tuple[list[dict[str, Any]], int]:
        """Every event until the server closes, and its code."""
        events: list[dict[str, Any]] = []
        while True:
            output = await self.socket.receive_output()
            if output["type"] == "websocket.close":
                return events, output["code"]
            events.append(json.loads(output["text"]))
            self.check(events[-1])


class Client(CheckedClient):
    """A client of the Realtime API."""

    async def update(self, **session: Any) -> dict[str, Any]:
        """Change the session; the configuration in effect."""
        await self.send("session.update", session={"type": "transcription", **session})
        updated = await self.next()
        assert updated["type"] == "session.updated"
        found: dict[str, Any] = updated["session"]
        return found

    async def commit(self) -> None:
        await self.send("input_audio_buffer.commit")

    async def completed(self, count: int = 1) -> list[dict[str, Any]]:
        """All events up to so many transcripts."""
        events: list[dict[str, Any]] = []
        for _ in range(count):
            events += await self.until(f"{TRANSCRIPTION}.completed")
        return events


@contextlib.asynccontextmanager
async def opened(
    services: Any,
    query: str = "?intent=transcription",
    *,
    key: str = "",
    subprotocols: Sequence[str] | None = None,
) -> AsyncIterator[Client]:
    """A client that has read nothing yet."""
    headers = [(b"host", b"localhost"), (b"openai-beta", b"realtime=v1")]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    socket = PatientSocket(
        build_application(services),
        f"/v1/realtime{query}",
        headers=headers,
        subprotocols=subprotocols,
    )
    accepted, protocol = await socket.connect()
    assert accepted
    assert protocol == ("realtime" if subprotocols else None)
    yield Client(socket)
    await socket.disconnect()


@contextlib.asynccontextmanager
async def connected(services: Any, **session: Any) -> AsyncIterator[Client]:
    """A client whose session is configured with these fields, if there are any."""
    async with opened(services) as client:
        assert (await client.next())["type"] == "session.created"
        if session:
            await client.update(**session)
        yield client


def of(events: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The events whose type ends in this."""
    return [event for event in events if event["type"].endswith(kind)]


def transcripts(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["transcript"] for event in of(events, ".completed")]


def told(events: Sequence[dict[str, Any]], item_id: str) -> str:
    """The deltas of an item, joined."""
    deltas = [each for each in of(events, ".delta") if each["item_id"] == item_id]
    return "".join(each["delta"] for each in deltas)
