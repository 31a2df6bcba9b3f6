"""A running answer: its task, its first audio, and its cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from tts_app.core.engine import VoiceInfo
from tts_app.core.events import SpeechEvent, SpeechFinished
from tts_app.core.speech.pipeline import SpeechPipeline

Status = Literal["ok", "error", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class SpeechOutcome:
    """How an answer ended."""

    status: Status
    error: Exception | None
    text: str
    """The spoken text."""
    audio_seconds: float
    first_piece_seconds: float | None
    first_audio_seconds: float | None
    """From the request to the first piece of text and to the first PCM."""
    total_seconds: float


class SpeechStream:
    """Running speech; iterate over it once, or `close` it to stop all work.

    The last event is SpeechFinished, unless it was closed before.
    """

    def __init__(
        self,
        voice: VoiceInfo,
        pipeline: SpeechPipeline,
        *,
        place: AbstractAsyncContextManager[None],
        timeout_seconds: float,
        finished: Callable[[SpeechOutcome], None],
        remember: Callable[[str], Awaitable[None]],
    ) -> None:
        """`finished` gets the outcome, even of a stopped answer; `remember` gets the
        text of a complete one."""
        self.voice = voice
        self._pipeline = pipeline
        self._place = place
        self._timeout_seconds = timeout_seconds
        self._finished = finished
        self._remember = remember
        self._began = time.perf_counter()
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    @property
    def rate_hz(self) -> int:
        """Of the PCM."""
        return self._pipeline.rate_hz

    @property
    def text(self) -> str:
        """All text read so far."""
        return self._pipeline.text

    async def start(self) -> None:
        """Run until there is audio to read. Raises errors until then."""
        self._task = asyncio.create_task(self._work())
        try:
            await self._pipeline.events.wait_for_audio()
            if self._failure is not None:
                raise self._failure
        except BaseException:
            self.close()
            raise

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        try:
            while (event := await self._pipeline.events.get()) is not None:
                yield event
        finally:
            self.close()

    def close(self) -> None:
        """Stop all work at once; after the end it does nothing. Any thread may call it."""
        if self._task is not None and not self._loop.is_closed():
            # Django closes a response in another thread.
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def _work(self) -> None:
        try:
            finished = await self._make()
            if finished is not None and finished.error is None:
                # Before the reader sees the end: its next question may follow at once.
                await self._remember(self._pipeline.text)
            if finished is not None:
                self._pipeline.events.put(finished)
        finally:
            self._pipeline.events.end()

    async def _make(self) -> SpeechFinished | None:
        """None, with the failure stored, if nothing was spoken."""
        status: Status = "cancelled"
        error: Exception | None = None
        try:
            async with self._place:
                left = self._timeout_seconds - (time.perf_counter() - self._began)
                finished = await self._pipeline.run(max(0.0, left))
            error = finished.error
            status = "error" if error else "ok"
            return finished
        except Exception as failure:  # noqa: BLE001 - handed to whoever opened it
            self._failure = error = failure
            status = "error"
            return None
        finally:
            self._finished(self._outcome(status, error))

    def _outcome(self, status: Status, error: Exception | None) -> SpeechOutcome:
        if self._pipeline.was_given_up:
            status, error = "cancelled", None
        return SpeechOutcome(
            status=status,
            error=error,
            text=self._pipeline.text,
            audio_seconds=self._pipeline.seconds,
            first_piece_seconds=self._since(self._pipeline.first_piece_at),
            first_audio_seconds=self._since(self._pipeline.first_audio_at),
            total_seconds=time.perf_counter() - self._began,
        )

    def _since(self, moment: float | None) -> float | None:
        return None if moment is None else moment - self._began
