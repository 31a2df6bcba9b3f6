"""A session in virtual time: one worker that is as slow as its processor time says.

What else runs on the machine then changes nothing but the decoding's processor time,
and that only a little.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Samples, float_to_pcm16
from common.config import Config
from common.config.speech import ListeningSettings
from common.errors import Expired
from common.workers import Handler, Priority, Urgency, WorkerPool
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import SessionEvent
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings
from stt_app.core.whisper.engine import WhisperEngine
from stt_app.core.whisper.requests import WhisperReply, WhisperRequest

Event = TypeVar("Event")

TICK_SECONDS = 0.01
CORES = 2
"""The decoding's processor time is taken to be shared evenly by so many cores."""
_TURNS = 10
"""So often the event loop goes round in a tick, so that all tasks see it."""
_LONGEST_WAIT_SECONDS = 60.0


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class _Job:
    request: WhisperRequest
    urgency: Urgency
    asked_at: float
    answer: asyncio.Future[WhisperReply]


@dataclass(frozen=True)
class Decoded:
    """One decoding: when it began, for whom, and what it took."""

    at: float
    priority: Priority
    seconds: float
    """Of one processor core."""
    reply: WhisperReply


@dataclass
class Told:
    """Everything that came out of a session, with the clock's time."""

    events: list[tuple[float, SessionEvent]] = field(default_factory=list)
    decoded: list[Decoded] = field(default_factory=list)

    def of(self, kind: type[Event]) -> list[tuple[float, Event]]:
        return [(at, each) for at, each in self.events if isinstance(each, kind)]


class VirtualPool(WorkerPool):
    """A pool of one worker that decodes at once and answers later."""

    def __init__(self, worker: Handler, clock: Clock) -> None:
        super().__init__("virtual", "benchmarks.virtual_time:VirtualPool")
        self._worker = worker
        self._clock = clock
        self._jobs: list[_Job] = []
        self._current: tuple[_Job, WhisperReply] | None = None
        self._free_at = 0.0
        self.decoded: list[Decoded] = []
        self.facts = worker.load()

    async def call(
        self,
        request: Any,
        urgency: Priority | Urgency,
        batch_key: Hashable = None,
        cost: float = 1.0,
    ) -> WhisperReply:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[WhisperReply] = loop.create_future()
        job = _Job(request, Urgency.of(urgency), self._clock(), answer)
        self._jobs.append(job)
        return await answer

    def work(self) -> None:
        """Answer what is done by now, and begin what is next."""
        while self._free_at <= self._clock():
            if self._current is not None:
                job, reply = self._current
                if not job.answer.done():
                    job.answer.set_result(reply)
                self._current = None
            if (next_job := self._next()) is None:
                return
            self._begin(next_job)

    def forget(self) -> None:
        """Begin another stream."""
        self._jobs, self._current, self._free_at = [], None, 0.0
        self.decoded = []

    def _next(self) -> _Job | None:
        waiting = [job for job in self._jobs if not job.answer.done()]
        self._jobs = sorted(waiting, key=lambda job: job.urgency.priority)
        return self._jobs.pop(0) if self._jobs else None

    def _begin(self, job: _Job) -> None:
        began = max(self._free_at, job.asked_at)
        deadline = job.urgency.deadline
        if deadline is not None and began > deadline:
            job.answer.set_exception(
                Expired("The deadline passed while the job was queued.")
            )
            return
        before = time.process_time()
        (reply,) = self._worker.handle(job.request)
        seconds = time.process_time() - before
        self.decoded.append(Decoded(began, job.urgency.priority, seconds, reply))
        self._current = job, reply
        self._free_at = began + seconds / CORES


class VirtualEngine(WhisperEngine):
    """Whisper with that pool."""

    def __init__(self, config: Config, pool: VirtualPool) -> None:
        super().__init__(config, config)
        self._pool = pool


async def stream(
    engine: VirtualEngine,
    pool: VirtualPool,
    clock: Clock,
    vad: VadModel,
    samples: Samples,
    options: Options,
    settings: ListeningSettings,
) -> Told:
    """Speak the samples to a session, as fast as the clock turns."""
    clock.now = 0.0
    pool.forget()
    load = EngineLoad(settings.stt_lag_limit_seconds, clock)
    session = SttSession(
        SessionEngines(engine, vad, load=load),
        SessionSettings(settings, options),
        clock=clock,
    )
    told = Told(decoded=pool.decoded)

    async def listen() -> None:
        async for event in session.events():
            told.events.append((clock.now, event))

    listening = asyncio.create_task(listen())
    pcm = float_to_pcm16(samples)
    step = round(TICK_SECONDS * SPEECH_RATE_HZ) * PCM16_BYTES
    for start in range(0, len(pcm), step):
        session.feed(pcm[start : start + step])
        await _tick(pool, clock)
    session.finish()
    latest = clock.now + _LONGEST_WAIT_SECONDS
    while not listening.done() and clock.now < latest:
        await _tick(pool, clock)
    await listening
    return told


async def _tick(pool: VirtualPool, clock: Clock) -> None:
    clock.now += TICK_SECONDS
    for _ in range(_TURNS):
        await asyncio.sleep(0)
        pool.work()
