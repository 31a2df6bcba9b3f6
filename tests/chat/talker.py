"""A client of `/ws/voice` with a microphone and a loudspeaker, both simulated.

It streams 20 ms frames in real time, silence when nobody speaks, and plays what comes
through a buffer. Its microphone can hear its loudspeaker.
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

from chat_app.protocol.wire import audio_of
from common.audio import SPEECH_RATE_HZ, Audio, Samples, float_to_pcm16
from tests.chat.loudspeaker import Loudspeaker

FRAME = SPEECH_RATE_HZ // 50
FRAME_SECONDS = 0.02
REPORT_FRAMES = 10
"""The position of the loudspeaker is reported every 200 ms."""


@dataclass(frozen=True)
class Echo:
    """How the loudspeaker is heard in the microphone."""

    gain: float
    delay_seconds: float


@dataclass(frozen=True)
class Said:
    """Where a recording is in the audio that was sent, and when that began."""

    first_sample: int
    began_at: float

    def spoken_at(self, seconds: float) -> float:
        """When the sample at that time of the recording was spoken."""
        return self.began_at + seconds


@dataclass
class Talker:
    """One conversation, with everything that came and when."""

    socket: Any
    echo: Echo | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    """When each event came."""
    loudspeaker: Loudspeaker = field(default_factory=Loudspeaker)
    received: dict[int, list[Samples]] = field(default_factory=dict)
    """The audio of each response, by its number, whether played or not."""
    rate_hz: int = 22_050
    _frames: deque[Samples] = field(default_factory=deque)
    _silent: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _sent_frames: int = 0
    _due: float = 0.0
    """When the next frame will have been spoken."""
    _newest: tuple[int, str] = (0, "")
    """The number and the id of the newest response."""

    def begin(self, audio: Audio) -> Said:
        """Begin to say it."""
        samples = audio.resampled(SPEECH_RATE_HZ).samples
        padded = np.pad(samples, (0, -len(samples) % FRAME))
        waiting = len(self._frames)
        self._silent.clear()
        self._frames.extend(np.split(padded, len(padded) // FRAME))
        first = (self._sent_frames + waiting) * FRAME
        return Said(first, self._due + (waiting - 1) * FRAME_SECONDS)

    async def say(self, audio: Audio) -> Said:
        """Say all of it."""
        said = self.begin(audio)
        await self._silent.wait()
        return said

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def wait_for(
        self, kind: str, after: int = 0, seconds: float = 30.0, **fields: Any
    ) -> dict[str, Any]:
        """The first event of that kind with these fields, from number `after` on."""
        async with asyncio.timeout(seconds), self._came:
            while True:
                for event in self.events[after:]:
                    if event["type"] == kind and fields.items() <= event.items():
                        return event
                await self._came.wait()

    def times_of(self, kind: str, after: int = 0) -> list[float]:
        """When events of that kind came, from number `after` on."""
        came = zip(self.events[after:], self.arrived[after:], strict=True)
        return [at for event, at in came if event["type"] == kind]

    async def wait_until_audible(self, number: int, seconds: float = 30.0) -> float:
        """When the response with that number became audible, perhaps soon."""
        async with asyncio.timeout(seconds), self._came:
            while (at := self.loudspeaker.first_audible_at(number)) is None:
                await self._came.wait()
        return at

    async def use_microphone(self) -> None:
        """Send a frame whenever its last sample would have been spoken."""
        self._due = time.perf_counter() + FRAME_SECONDS
        while True:
            await asyncio.sleep(max(0.0, self._due - time.perf_counter()))
            frame = self._frames.popleft() if self._frames else None
            heard = self._heard(frame, self._due - FRAME_SECONDS)
            self._due += FRAME_SECONDS
            self._sent_frames += 1
            await self.socket.send(float_to_pcm16(heard))
            if not self._frames:
                self._silent.set()
            if self._sent_frames % REPORT_FRAMES == 0:
                await self._report()

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
                    self._take(self.events[-1], now)
                self._came.notify_all()

    def _heard(self, frame: Samples | None, start: float) -> Samples:
        heard = np.zeros(FRAME, np.float32) if frame is None else frame
        if self.echo is None:
            return heard
        start -= self.echo.delay_seconds
        sound = self.loudspeaker.sound(start, FRAME, SPEECH_RATE_HZ)
        mixed: Samples = np.clip(heard + self.echo.gain * sound, -1, 1)
        return mixed

    async def _report(self) -> None:
        number, response_id = self._newest
        if number in self.received and response_id:
            now = time.perf_counter()
            ms = round(1000 * self.loudspeaker.played_seconds(number, now))
            await self.send("x.played", response_id=response_id, ms=ms)

    def _take(self, event: dict[str, Any], now: float) -> None:
        match event["type"]:
            case "response.created":
                response = event["response"]
                self._newest = response["x.number"], response["id"]
            case "x.output.clause":
                self.rate_hz = event["rate"]
            case "x.output.pause":
                self.loudspeaker.pause(now)
            case "x.output.resume":
                self.loudspeaker.resume(now)
            case "conversation.item.truncated":
                self.loudspeaker.stop(now)

    def _play(self, message: bytes, now: float) -> None:
        number, samples = audio_of(message)
        self.received.setdefault(number, []).append(samples)
        self.loudspeaker.put(number, samples, self.rate_hz, now)

    def spoken(self, number: int) -> Audio:
        """All audio of that response that was received."""
        return Audio(np.concatenate(self.received[number]), self.rate_hz)


@contextlib.asynccontextmanager
async def talker(
    ws_url: str, *, echo: Echo | None = None, **session: Any
) -> AsyncIterator[Talker]:
    """A conversation that has begun, with the microphone open."""
    async with websockets.connect(
        f"{ws_url}/ws/voice", subprotocols=[Subprotocol("voice.v1")], compression=None
    ) as socket:
        talking = Talker(socket, echo)
        tasks = [asyncio.create_task(talking.listen())]
        try:
            await talking.wait_for("session.created")
            if session:
                await talking.send("session.update", session=session)
                await talking.wait_for("session.updated")
            tasks.append(asyncio.create_task(talking.use_microphone()))
            await asyncio.sleep(0)
            yield talking
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
