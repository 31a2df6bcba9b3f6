"""A session with everything that comes out of it collected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from common.config.speech import ListeningSettings
from stt_app.core.engine_load import EngineLoad
from stt_app.core.messages import ServerMessage
from stt_app.core.session.options import Options
from stt_app.core.session.session import Start, SttSession
from stt_app.core.session.utterances import Heard
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessVad, pcm

FRAME_BYTES = 640


class Listening:
    """A session with its messages and its history collected."""

    def __init__(
        self,
        engine: FakeStt | None = None,
        options: Options | None = None,
        clock: Callable[[], float] = time.monotonic,
        load: EngineLoad | None = None,
        start: Start = Start(),
        **changes: Any,
    ) -> None:
        self.engine = engine or FakeStt()
        self.engine.started = True
        self.messages: list[ServerMessage] = []
        self.history: list[Heard] = []
        self.session = SttSession(
            self.engine,
            ListeningSettings(**{"speculative_pause_seconds": 0, **changes}),
            LoudnessVad(),
            session_id="session",
            options=options or Options(),
            on_heard=self.history.append,
            clock=clock,
            load=load,
            start=start,
        )
        self.task = asyncio.create_task(self.collect())

    async def collect(self) -> None:
        async for message in self.session.events():
            self.messages.append(message)

    async def feed(self, *parts: Any, frame_bytes: int = FRAME_BYTES) -> None:
        audio = pcm(*parts)
        for start in range(0, len(audio), frame_bytes):
            self.session.feed(audio[start : start + frame_bytes])
            await self.session.room()

    async def settle(self) -> None:
        """Wait until everything that ended has been transcribed."""
        for _ in range(1_000):
            await asyncio.sleep(0.002)
            if len(self.history) == self.session._numbers:
                break
        await asyncio.sleep(0.002)

    async def end(self) -> None:
        self.session.finish()
        await asyncio.wait_for(self.task, 10)

    def of(self, kind: str) -> list[Any]:
        return [message for message in self.messages if message.type == kind]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.of("transcript")]

    @property
    def kinds(self) -> list[str]:
        """What kinds of messages came, but for those that only accompany speech."""
        aside = ("speech_started", "speech_ended", "ack")
        return [each.type for each in self.messages if each.type not in aside]
