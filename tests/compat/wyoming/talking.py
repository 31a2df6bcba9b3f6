"""A Wyoming server on fakes, and clients of it made with the protocol's own library."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, Eventable
from wyoming.ping import Ping

from common.audio import SPEECH_RATE_HZ
from compat_app.wyoming.server import WyomingServer
from gateway_app.services import GatewayServices
from gateway_app.sockets.clock import Clock
from stt_app.services import ListeningServices
from tests.fake_services import FakeServices, fake_services
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessVad, pcm
from tts_app.services import SpeechServices

PATIENCE_SECONDS = 30.0
CHUNK_BYTES = 2_048
"""1,024 samples, as Home Assistant sends them."""


def listening(script: Sequence[Any] = (), **changes: Any) -> FakeServices:
    """Services whose voice detector takes loud for speech."""
    seconds = changes.pop("seconds", 0.0)
    changes = {"speculative_pause_seconds": 0, **changes}
    engine = changes.pop("stt", None) or FakeStt(script, seconds=seconds)
    return fake_services(stt=engine, vad=LoudnessVad(), **changes)


def server_of(services: FakeServices, clock: Clock | None = None) -> WyomingServer:
    """On any free port of this machine; not started."""
    hears, speaks = services.get(ListeningServices), services.get(SpeechServices)
    return WyomingServer(
        services[GatewayServices],
        hears.listening if hears else None,
        speaks.speech if speaks else None,
        host="127.0.0.1",
        port=0,
        clock=clock or HurriedClock(),
    )


@contextlib.asynccontextmanager
async def serving(
    services: FakeServices, clock: Clock | None = None
) -> AsyncIterator[WyomingServer]:
    server = server_of(services, clock)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class HurriedClock:
    """Time flies, so that audio sent at once seems to have been spoken."""

    FACTOR = 100

    def __call__(self) -> float:
        return time.monotonic() * self.FACTOR

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.FACTOR)


class Talk(AsyncTcpClient):
    """A client that does not wait for ever."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, PATIENCE_SECONDS, PATIENCE_SECONDS)

    async def say(self, *events: Eventable) -> None:
        for event in events:
            await self.write_event(event.event())

    async def send(self, kind: str, data: dict[str, Any] | None = None) -> None:
        """An event that the library would not make."""
        await self.write_event(Event(kind, data or {}))

    async def write_raw(
        self, kind: str, data: dict[str, Any], version: str, payload: bytes = b""
    ) -> None:
        """An event of another version of the library."""
        header: dict[str, Any] = {"type": kind, "data": data, "version": version}
        if payload:
            header["payload_length"] = len(payload)
        assert self._writer is not None
        self._writer.write(json.dumps(header).encode() + b"\n" + payload)
        await self._writer.drain()

    async def next(self) -> Event:
        """The next event. Fails when the server has closed the connection."""
        event = await self.read_event()
        assert event is not None, "the server closed the connection"
        return event

    async def until(self, kind: str) -> list[Event]:
        """The events up to the first of this kind, which is the last of them."""
        events = [await self.next()]
        while events[-1].type != kind:
            events.append(await self.next())
        return events

    async def rest(self) -> list[Event]:
        """Everything until the server closes the connection."""
        events = []
        while (event := await self.read_event()) is not None:
            events.append(event)
        return events

    async def listen_to(
        self, *parts: Any, rate_hz: int = SPEECH_RATE_HZ, **wanted: Any
    ) -> None:
        """A request up to its audio: seconds of tone, or of silence if negative."""
        start = AudioStart(rate_hz, 2, 1)
        await self.say(Transcribe(**wanted), start)
        await self.hear(*parts, rate_hz=rate_hz)

    async def hear(self, *parts: Any, rate_hz: int = SPEECH_RATE_HZ) -> None:
        audio = pcm(*parts, rate_hz=rate_hz)
        for start in range(0, len(audio), CHUNK_BYTES):
            chunk = audio[start : start + CHUNK_BYTES]
            await self.say(AudioChunk(rate_hz, 2, 1, chunk))

    async def settled(self) -> list[Event]:
        """Wait until the server has taken everything; the events that came."""
        await self.say(Ping())
        return await self.until("pong")

    async def transcript(self) -> str:
        """The text of the next transcript."""
        event = (await self.until("transcript"))[-1]
        return str(event.data["text"])

    async def stop(self) -> None:
        await self.say(AudioStop())


@contextlib.asynccontextmanager
async def talking(
    services: FakeServices, clock: Clock | None = None
) -> AsyncIterator[Talk]:
    """A client of a server that lives as long as it does."""
    async with serving(services, clock) as server, Talk(server.port) as client:
        yield client


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]
