"""A client of `/ws/voice` with a microphone and a loudspeaker, both simulated.

It streams 20 ms frames in real time, silence when nobody speaks, and plays what comes
through a buffer of 60 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import websockets
from websockets.typing import Subprotocol

from chat_app.protocol.wire import HEADER
from common.audio import (
    SPEECH_RATE_HZ,
    Audio,
    Samples,
    float_to_pcm16,
    pcm16_to_float,
)

FRAME = SPEECH_RATE_HZ // 50
FRAME_SECONDS = 0.02
BUFFER_SECONDS = 0.06
AUDIBLE = 0.01
_LEVEL = 0.01
"""-40 dB of the loudest sample: where speech ends."""


@dataclass
class Talker:
    """One conversation, with everything that came and when."""

    socket: Any
    events: list[dict[str, Any]] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    first_audible_at: dict[int, float] = field(default_factory=dict)
    """When each response became audible, by its number."""
    heard: dict[int, list[Samples]] = field(default_factory=dict)
    rate_hz: int = 22_050
    _frames: deque[Samples] = field(default_factory=deque)
    _sent: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _plays_until: float = 0.0
    _speech_end_at: float = 0.0

    async def say(self, audio: Audio) -> float:
        """Say it, and return when its last audible sound was sent."""
        samples = audio.resampled(SPEECH_RATE_HZ).samples
        loud = np.flatnonzero(np.abs(samples) > _LEVEL * np.abs(samples).max())
        samples = samples[: loud[-1] + 1]
        padded = np.pad(samples, (0, -len(samples) % FRAME))
        self._sent.clear()
        self._frames.extend(np.split(padded, len(padded) // FRAME))
        await self._sent.wait()
        return self._speech_end_at

    async def wait_for(
        self, kind: str, after: int = 0, seconds: float = 30.0
    ) -> dict[str, Any]:
        """The first event of that kind, from the event number `after` on."""
        async with asyncio.timeout(seconds), self._came:
            while True:
                for event in self.events[after:]:
                    if event["type"] == kind:
                        return event
                await self._came.wait()

    async def wait_until_audible(self, number: int, seconds: float = 30.0) -> float:
        """When the response with that number became audible."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: number in self.first_audible_at)
        return self.first_audible_at[number]

    async def speak(self) -> None:
        """The microphone, on an absolute schedule."""
        silence, due = np.zeros(FRAME, np.float32), time.perf_counter()
        while True:
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            frame = self._frames.popleft() if self._frames else None
            await self.socket.send(float_to_pcm16(silence if frame is None else frame))
            if frame is not None and not self._frames:
                self._speech_end_at = time.perf_counter()
                self._sent.set()

    async def listen(self) -> None:
        """Keep what comes."""
        async for message in self.socket:
            now = time.perf_counter()
            async with self._came:
                if isinstance(message, bytes):
                    self._play(message, now)
                else:
                    self.events.append(json.loads(message))
                    self.arrived.append(now)
                    if self.events[-1]["type"] == "x.output.clause":
                        self.rate_hz = self.events[-1]["rate"]
                self._came.notify_all()

    def _play(self, message: bytes, now: float) -> None:
        _, _, _, number, _ = HEADER.unpack(message[: HEADER.size])
        samples = pcm16_to_float(message[HEADER.size :])
        begins = max(self._plays_until, now + BUFFER_SECONDS)
        self._plays_until = begins + len(samples) / self.rate_hz
        self.heard.setdefault(number, []).append(samples)
        audible = np.flatnonzero(np.abs(samples) > AUDIBLE)
        if number not in self.first_audible_at and len(audible):
            self.first_audible_at[number] = begins + audible[0] / self.rate_hz

    def spoken(self, number: int) -> Audio:
        """All audio of that response."""
        return Audio(np.concatenate(self.heard[number]), self.rate_hz)


@contextlib.asynccontextmanager
async def talker(ws_url: str, **session: Any) -> AsyncIterator[Talker]:
    """A conversation that has begun, with the microphone open."""
    async with websockets.connect(
        f"{ws_url}/ws/voice", subprotocols=[Subprotocol("voice.v1")], compression=None
    ) as socket:
        talking = Talker(socket)
        tasks = [asyncio.create_task(talking.listen())]
        try:
            await talking.wait_for("session.created")
            if session:
                update = {"type": "session.update", "session": session}
                await socket.send(json.dumps(update))
                await talking.wait_for("session.updated")
            tasks.append(asyncio.create_task(talking.speak()))
            yield talking
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
