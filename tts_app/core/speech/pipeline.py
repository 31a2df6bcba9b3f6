"""The speech pipeline: text or tokens in, events with PCM out, streamed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import structlog

from common.audio import Resampler
from common.errors import Unavailable, Unspeakable, VoiceError
from common.metrics import STAGE_SECONDS
from common.workers import Priority, Urgency
from tts_app.core.engine import (
    ChosenVoice,
    SpeechPart,
    SynthesisRequest,
    TtsEngine,
)
from tts_app.core.events import PcmAudio, SpeechEvent, SpeechFinished, TextDelta
from tts_app.core.speech.event_queue import EventQueue
from tts_app.core.speech.joining import Joiner
from tts_app.core.speech.timeline import Timeline
from tts_app.core.text.clauses import Clause
from tts_app.core.text.readers import Input, Line, Pause, make_reader

log = structlog.get_logger(__name__)

SLOW_SECONDS = 0.25
"""How long to wait for the first clause after the first piece of text; longer would be
audible."""
LONG_PIECE = 300
"""More characters at once than a language model writes: a complete text."""


class SpeechPipeline:
    """Reads text and synthesizes its clauses concurrently."""

    def __init__(
        self,
        tts: TtsEngine,
        voice: ChosenVoice,
        pieces: AsyncIterator[str],
        *,
        input: Input = "text",
        word_times: bool = False,
        urgency: Urgency | None = None,
    ) -> None:
        """`urgency` is the handle on the first clause. While it is SPECULATIVE, all
        clauses share it, so that cancelling it stops everything."""
        self._tts = tts
        self._settings = settings = voice.settings
        self._pieces = pieces
        self._word_times = word_times
        self._urgency = urgency or Urgency(Priority.FIRST_CLAUSE)
        self._others = voice.others
        self._reader = make_reader(input, voice.info.language, voice.others.keys())
        self.rate_hz = voice.info.sample_rate
        """Of all PCM."""
        joiner = Joiner(self.rate_hz, speed=settings.speed, loudest=settings.volume)
        self._timeline = Timeline(self.rate_hz, joiner)
        self._lines: asyncio.Queue[Line | Exception | None] = asyncio.Queue()
        """None is the end of the text, an exception the reason why it broke off."""
        self._first_said = asyncio.Event()
        self.events = EventQueue()
        """The events of `run`, except SpeechFinished and the end."""
        self.text = ""
        """All text read so far."""
        self.first_piece_at: float | None = None
        self.first_audio_at: float | None = None
        """`time.perf_counter()` of the first piece of text and of the first PCM."""

    @property
    def seconds(self) -> float:
        """The duration of the audio so far."""
        return self._timeline.seconds

    @property
    def was_given_up(self) -> bool:
        """Whether the caller cancelled the urgency that it passed."""
        return self._urgency.given_up

    async def run(self, timeout_seconds: float) -> SpeechFinished:
        """Synthesise the whole answer. Cancelling it stops all work at once. The
        timeout excludes waiting for a slow reader. Raises
        what went wrong before the first sound: Unspeakable if there is nothing to say,
        and the engines' errors. After it, the audio ends cleanly after the last
        complete clause, and the result has the reason.
        """
        reading = asyncio.create_task(self._read())
        try:
            error = await self._synthesize_in_time(timeout_seconds)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        if not self.seconds:
            raise error or Unspeakable(
                "The text contains nothing that can be spoken.", field="text"
            )
        self._emit(self._timeline.finish())
        return SpeechFinished(self.seconds, error)

    async def _synthesize_in_time(self, timeout_seconds: float) -> Exception | None:
        """All clauses. Returns what ended them early."""
        try:
            async with asyncio.timeout(timeout_seconds) as limit:
                await self._synthesize(limit)
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                return Unavailable(
                    "The speech was not ready in time (`tts_request_timeout`).",
                    retry_after_seconds=5,
                )
            if self.seconds and not isinstance(error, VoiceError):
                log.error("speech failed", exc_info=error)
            return error
        return None

    async def _synthesize(self, limit: asyncio.Timeout) -> None:
        urgency = self._urgency
        while (line := await self._lines.get()) is not None:
            if isinstance(line, Exception):
                raise line
            if isinstance(line, Pause):
                self._timeline.pause(line.seconds)
            else:
                await self._wait_for_reader(limit)
                await self._say(line, urgency)
                urgency = self._next_urgency()
            self._first_said.set()

    def _next_urgency(self) -> Urgency:
        """Keep the order: later clauses must not overtake a speculative one."""
        if self._urgency.priority is Priority.SPECULATIVE:
            return self._urgency
        return Urgency(Priority.LATER_CLAUSE)

    async def _wait_for_reader(self, limit: asyncio.Timeout) -> None:
        """The timeout is paused meanwhile."""
        if not self.events.is_full:
            return
        loop = asyncio.get_running_loop()
        left_seconds = (limit.when() or loop.time()) - loop.time()
        limit.reschedule(None)
        await self.events.wait_for_capacity()
        limit.reschedule(loop.time() + left_seconds)

    async def _say(self, clause: Clause, urgency: Urgency) -> None:
        began = time.perf_counter()
        self._timeline.begin_clause(clause.text)
        parts: Any = self._tts.synthesize(self._request(clause), urgency)
        async with aclosing(parts):
            async for part in self._at_one_rate(parts, clause):
                self._emit(self._timeline.add(part))
                self._first_said.set()
        self._emit(self._timeline.end_clause())
        STAGE_SECONDS.labels("synthesize").observe(time.perf_counter() - began)

    def _request(self, clause: Clause) -> SynthesisRequest:
        settings = self._settings
        if clause.rate != 1.0:
            settings = replace(settings, speed=settings.speed * clause.rate)
        if other := self._others.get(clause.language):
            settings = replace(settings, voice=other.name, speaker=None)
        return SynthesisRequest(clause.text, settings, self._word_times)

    async def _at_one_rate(
        self, parts: AsyncIterator[SpeechPart], clause: Clause
    ) -> AsyncIterator[SpeechPart]:
        """The parts at the rate of all PCM; another voice may have its own."""
        other = self._others.get(clause.language)
        resampler = Resampler(
            other.sample_rate if other else self.rate_hz, self.rate_hz
        )
        async for part in parts:
            samples = resampler.push(part.samples, last=part.is_last)
            yield replace(part, samples=samples, rate_hz=self.rate_hz)

    def _emit(self, events: Iterable[SpeechEvent]) -> None:
        for event in events:
            if isinstance(event, PcmAudio) and self.first_audio_at is None:
                self.first_audio_at = time.perf_counter()
            self.events.put(event)

    async def _read(self) -> None:
        """Pieces to clauses and pauses."""
        try:
            async with aclosing(self._pieces) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    await self._read_piece(piece)
            await self._finish_reading()
            self._lines.put_nowait(None)
        except Exception as error:  # noqa: BLE001 - it is raised or told by `run`
            self._lines.put_nowait(error)

    async def _read_piece(self, piece: str) -> None:
        self.first_piece_at = self.first_piece_at or time.perf_counter()
        self.text += piece
        self.events.put(TextDelta(piece))
        for start in range(0, len(piece), LONG_PIECE):
            for line in self._reader.iterate(piece[start : start + LONG_PIECE]):
                self._lines.put_nowait(line)
                await self._give_way(piece)
            # Text of which nothing is spoken has no lines.
            await asyncio.sleep(0)
        if self._is_slow():
            self._put_lines(self._reader.hurry())

    async def _finish_reading(self) -> None:
        """SSML and phonemes are read only now, and all at once."""
        if len(self.text) > LONG_PIECE:
            self._put_lines(await asyncio.to_thread(list, self._reader.finish()))
        else:
            self._put_lines(self._reader.finish())

    def _put_lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._lines.put_nowait(line)

    async def _give_way(self, piece: str) -> None:
        """Reading a long text at once would delay the first audio."""
        if len(piece) > LONG_PIECE:
            await self._first_said.wait()
        await asyncio.sleep(0)

    def _is_slow(self) -> bool:
        """Whether the first clause is slow to arrive."""
        return time.perf_counter() - (self.first_piece_at or 0.0) > SLOW_SECONDS
