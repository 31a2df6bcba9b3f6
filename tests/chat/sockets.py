"""A client of `/ws/voice` in the application itself, without a network."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from channels.testing import WebsocketCommunicator

from chat_app.protocol.wire import HEADER
from tests.patient_socket import PatientSocket
from tests.stt.sounds import pcm
from voiceproject.asgi import build_application

RATE_HZ = 16_000
CHUNK_BYTES = RATE_HZ // 50 * 2
"""20 ms."""
LOST = 1006
"""The close code of a lost connection."""


class VoiceClient:
    """Sends audio and events, and keeps what comes."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.created: dict[str, Any] = {}
        """The configuration of the start."""
        self.audio: list[tuple[int, int, int, bytes]] = []
        """Clause, response number, start in milliseconds, and PCM16."""

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send_json_to({"type": kind, **fields})

    async def say(self, *parts: Any) -> None:
        """Seconds of tone, or of silence if negative, faster than real time."""
        audio = pcm(*parts, rate_hz=RATE_HZ)
        for start in range(0, len(audio), CHUNK_BYTES):
            await self.socket.send_to(bytes_data=audio[start : start + CHUNK_BYTES])
            await asyncio.sleep(0)

    async def next(self) -> dict[str, Any]:
        """The next JSON event; audio before it is kept."""
        while True:
            output = await self.socket.receive_output()
            if output["type"] == "websocket.close":
                return {"type": "close", "code": output["code"]}
            if (text := output.get("text")) is not None:
                event: dict[str, Any] = json.loads(text)
                return event
            frame = output["bytes"]
            _, _, clause, number, start_ms = HEADER.unpack(frame[: HEADER.size])
            self.audio.append((clause, number, start_ms, frame[HEADER.size :]))

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """All events up to one of these kinds."""
        events = [await self.next()]
        while events[-1]["type"] not in kinds:
            events.append(await self.next())
        return events

    async def update(self, **session: Any) -> dict[str, Any]:
        """Change the session; the configuration in effect."""
        await self.send("session.update", session=session)
        found: dict[str, Any] = (await self.until("session.updated"))[-1]["session"]
        return found


def voice_socket(services: Any, *, resume: str = "") -> WebsocketCommunicator:
    """One that is not connected."""
    return PatientSocket(
        build_application(services),
        f"/ws/voice?resume={resume}" if resume else "/ws/voice",
        headers=[(b"host", b"localhost")],
        subprotocols=["voice.v1"],
    )


@contextlib.asynccontextmanager
async def talking(
    services: Any, *, resume: str = "", close_code: int = 1000, **session: Any
) -> AsyncIterator[VoiceClient]:
    """A client whose session is configured with these fields, if there are any. In the
    end it closes with that code."""
    socket = voice_socket(services, resume=resume)
    accepted, protocol = await socket.connect()
    assert (accepted, protocol) == (True, "voice.v1")
    client = VoiceClient(socket)
    created = await client.next()
    assert created["type"] == "session.created"
    client.created = created["session"]
    if session:
        await client.update(**session)
    yield client
    await socket.disconnect(code=close_code)


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def of(events: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]
