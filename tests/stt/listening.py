"""A session with everything that comes out of it collected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from common.config.speech import ListeningSettings
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import SessionEvent, SpeechEnded, UtteranceResult
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings, Start
from stt_app.core.turns.none import NO_TURN_MODEL
from stt_app.protocol.events import EventMapper
from stt_app.protocol.messages import ServerMessage
from tests.fakes import FakeStt, FakeTurns
from tests.stt.sounds import LoudnessVad, pcm
from tests.waiting import idle, until

FRAME_BYTES = 640

Event = TypeVar("Event")


class Listening:
    """A session with its events, its results, and what `/ws/stt` tells of them."""

    def __init__(
        self,
        engine: FakeStt | None = None,
        options: Options | None = None,
        clock: Callable[[], float] = time.monotonic,
        load: EngineLoad | None = None,
        start: Start = Start(),
        turns: FakeTurns | None = None,
        **changes: Any,
    ) -> None:
        self.engine = engine or FakeStt()
        self.engine.started = True
        if turns is not None:
            turns.started = True
        self.messages: list[ServerMessage] = []
        self.events: list[SessionEvent] = []
        self.history: list[UtteranceResult] = []
        self.session = SttSession(
            SessionEngines(self.engine, LoudnessVad(), turns or NO_TURN_MODEL, load),
            SessionSettings(
                ListeningSettings(**{"speculative_pause_seconds": 0, **changes}),
                options or Options(),
            ),
            replace(start, session_id="session"),
            on_result=self.history.append,
            clock=clock,
        )
        self.task = asyncio.create_task(self.collect())

    async def collect(self) -> None:
        mapper = EventMapper()
        async for event in self.session.events():
            self.events.append(event)
            self.messages += mapper.messages(event)

    async def feed(self, *parts: Any, frame_bytes: int = FRAME_BYTES) -> None:
        audio = pcm(*parts)
        for start in range(0, len(audio), frame_bytes):
            self.session.feed(audio[start : start + frame_bytes])
            await self.session.wait_for_capacity()

    async def settle(self) -> None:
        """Wait until everything that ended has been transcribed."""
        await idle()
        await until(lambda: len(self.history) == len(self.all(SpeechEnded)))
        await idle()

    async def end(self) -> None:
        self.session.finish()
        await asyncio.wait_for(self.task, 10)

    def all(self, *kinds: type[Event]) -> list[Event]:
        """The events of these kinds."""
        return [event for event in self.events if isinstance(event, kinds)]

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
