"""One `/tts` answer at work: its task, its first bytes, its record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Any, Literal

from common.metrics import AUDIO_SECONDS, STAGE_SECONDS
from tts_app.core.engine import VoiceInfo
from tts_app.core.speech.pipeline import AudioDelta, Speech, SpeechEvent

EVENTS_AHEAD = 32
"""Made before the reader takes them; an event holds a quarter of a second at most."""

Status = Literal["ok", "error", "cancelled"]


@dataclass(frozen=True)
class Outcome:
    """How an answer ended."""

    status: Status
    error: Exception | None
    stages_ms: dict[str, float]


class SpeechAnswer:
    """Speech that is being made; iterate over it, or `close` it to stop all work."""

    def __init__(
        self,
        voice: VoiceInfo,
        speech: Speech,
        *,
        place: AbstractAsyncContextManager[None],
        timeout_seconds: float,
        asks_llm: bool,
        finished: Callable[[Outcome], None],
        remember: Callable[[str], Awaitable[None]],
    ) -> None:
        self.voice = voice
        self.speech = speech
        self._place = place
        self._timeout_seconds = timeout_seconds
        self.asks_llm = asks_llm
        self._finished = finished
        self._remember = remember
        self._began = time.perf_counter()
        self._events: asyncio.Queue[SpeechEvent | Exception | None]
        self._events = asyncio.Queue(EVENTS_AHEAD)
        self._loop = asyncio.get_running_loop()
        self._first: list[SpeechEvent] = []
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    async def start(self) -> None:
        """Work until the first audio bytes exist. Raises what goes wrong until then."""
        self._task = asyncio.create_task(self._work())
        try:
            while True:
                event = await self._events.get()
                if isinstance(event, Exception):
                    raise event
                if event is None:
                    self._ended = True
                    return
                self._first.append(event)
                if isinstance(event, AudioDelta):
                    return
        except BaseException:
            self.close()
            raise

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        try:
            while self._first:
                yield self._first.pop(0)
            while not self._ended:
                event = await self._events.get()
                if event is None or isinstance(event, Exception):
                    self._ended = True
                else:
                    yield event
        finally:
            self.close()

    def close(self) -> None:
        """Stop all work at once; after the end it does nothing."""
        if self._task is not None and not self._loop.is_closed():
            # Django closes a response in another thread.
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def _work(self) -> None:
        status: Status = "cancelled"
        error: Exception | None = None
        try:
            await self._make()
            error = self.speech.error
            status = "error" if error else "ok"
        except Exception as failure:  # noqa: BLE001 - handed to whoever reads
            status, error = "error", failure
        finally:
            self._finished(Outcome(status, error, self._stages_ms()))
        if status == "ok":
            # Before the reader sees the end: its next question may follow at once.
            await self._remember(self.speech.text)
        await self._events.put(error if not self.speech.audio_seconds else None)

    async def _make(self) -> None:
        async with self._place:
            left = self._timeout_seconds - (time.perf_counter() - self._began)
            events: Any = self.speech.events(max(0.0, left))
            async with aclosing(events):
                async for event in events:
                    await self._events.put(event)

    def _stages_ms(self) -> dict[str, float]:
        """How long the stages took, which also go to the metrics."""
        speech, now = self.speech, time.perf_counter()
        moments = {
            "llm_first_token": speech.first_piece_at if self.asks_llm else None,
            "first_audio": speech.first_audio_at,
            "total": now,
        }
        stages = {
            stage: moment - self._began
            for stage, moment in moments.items()
            if moment is not None
        }
        for stage, seconds in stages.items():
            name = "tts_total" if stage == "total" else stage
            STAGE_SECONDS.labels(name).observe(seconds)
        AUDIO_SECONDS.labels("out").inc(speech.audio_seconds)
        return {stage: round(seconds * 1000, 1) for stage, seconds in stages.items()}
