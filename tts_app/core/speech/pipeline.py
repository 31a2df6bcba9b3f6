"""One answer in speech: text or tokens in, encoded audio out while it is made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog

from common.audio import Samples
from common.errors import Unavailable, Unspeakable, VoiceError
from common.metrics import REAL_TIME_FACTOR, STAGE_SECONDS
from common.workers import Priority
from tts_app.core.engine import SpeechPart, TtsEngine
from tts_app.core.piper.word_times import WordTime
from tts_app.core.speech.encoding import SLICE_SECONDS, Encoder, make_encoder
from tts_app.core.speech.joining import Joined, Joiner
from tts_app.core.speech.plan import SpeechPlan
from tts_app.core.text.readers import Clause, Line, Pause, make_reader

log = structlog.get_logger(__name__)

SLOW_SECONDS = 0.25
"""So long after its first piece a text should have a first clause."""
LONG_PIECE = 300
"""More characters at once than a language model writes."""
CLAUSES_AHEAD = 2
"""The clause that is being sent, and the one that is made meanwhile."""


@dataclass(frozen=True)
class TextDelta:
    """Text as it was given, or as the language model wrote it."""

    text: str


@dataclass(frozen=True)
class AudioDelta:
    """The next bytes of the audio file."""

    data: bytes


@dataclass(frozen=True)
class WordsDelta:
    """The words of the audio that follows, timed from the start of the answer."""

    words: tuple[WordTime, ...]


@dataclass(frozen=True)
class _ClauseEnd:
    clause: str


@dataclass(frozen=True)
class _Failed:
    error: Exception


@dataclass(frozen=True)
class _End:
    pass


SpeechEvent = TextDelta | WordsDelta | AudioDelta
_Made = TextDelta | SpeechPart | Pause | _ClauseEnd | _Failed | _End


class Speech:
    """Reads text, synthesizes a clause ahead and encodes, all at the same time.

    A failure before the first sound is raised by `events`. After it, the audio
    ends cleanly behind the last whole clause, and `error` tells why.
    """

    def __init__(
        self, tts: TtsEngine, plan: SpeechPlan, pieces: AsyncIterator[str]
    ) -> None:
        self._tts = tts
        self._plan = plan
        self._pieces = pieces
        self._rate_hz = plan.voice.sample_rate
        self._encoder: Encoder = make_encoder(
            plan.audio_format, self._rate_hz, plan.sample_rate
        )
        self._joiner = Joiner(self._rate_hz, plan.speed, plan.volume)
        self._words_due: tuple[WordTime, ...] = ()
        """Those of a sentence of which nothing was heard yet."""
        self._clauses: asyncio.Queue[Line | _Failed | _End] = asyncio.Queue()
        self._made: asyncio.Queue[_Made] = asyncio.Queue()
        self._ahead = asyncio.Semaphore(CLAUSES_AHEAD)
        self._seconds_left = 0.0
        self._first_made = asyncio.Event()
        self.text = ""
        """Everything that was read so far."""
        self.audio_seconds = 0.0
        self.first_piece_at: float | None = None
        self.first_audio_at: float | None = None
        """`time.perf_counter()` of the first piece of text and of the first bytes."""
        self.error: Exception | None = None

    @property
    def content_type(self) -> str:
        return self._encoder.content_type

    @property
    def rate_hz(self) -> int:
        """The rate of the encoded audio."""
        return self._encoder.rate_hz

    async def events(self, timeout_seconds: float) -> AsyncIterator[SpeechEvent]:
        """Text and audio in the order of making. Closing it stops all work at once.

        The timeout is for making; waiting for a slow reader is not counted. Raises
        Unspeakable when there is nothing to say, and what the engines raise.
        """
        self._seconds_left = timeout_seconds
        tasks = [
            asyncio.create_task(self._read()),
            asyncio.create_task(self._synthesize()),
        ]
        try:
            async with aclosing(self._encoded()) as events:  # type: ignore[type-var]
                async for event in events:
                    yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._encoder.close()

    async def _encoded(self) -> AsyncIterator[SpeechEvent]:
        while not isinstance(made := await self._next(), _End):
            if isinstance(made, TextDelta):
                yield made
            elif isinstance(made, SpeechPart):
                joined = self._joiner.add(made.samples, is_last=made.is_last)
                if words := self._words(made, joined):
                    yield WordsDelta(words)
                for data in self._encode(joined.samples):
                    yield AudioDelta(data)
                    await asyncio.sleep(0)
            elif isinstance(made, Pause):
                self._joiner.pause(made.seconds)
            elif isinstance(made, _ClauseEnd):
                self._joiner.end_clause(made.clause)
                self._ahead.release()
            else:
                self._fail(made.error)
                break
        if not self.audio_seconds:
            raise Unspeakable(
                "There is nothing in the text that can be spoken.", field="text"
            )
        for data in self._encode(self._joiner.finish(self._encoder.delay_seconds)):
            yield AudioDelta(data)
        yield AudioDelta(self._encoder.finish())

    def _words(self, made: SpeechPart, joined: Joined) -> tuple[WordTime, ...]:
        """The sentence's words, when its first sound tells where it begins."""
        words = made.words or self._words_due
        self._words_due = ()
        if joined.shift_seconds is None:
            self._words_due = () if made.is_last else words
            return ()
        later = self.audio_seconds + joined.shift_seconds + self._encoder.delay_seconds
        return tuple(
            WordTime(
                each.word,
                max(0.0, each.start_seconds + later),
                each.end_seconds + later,
            )
            for each in words
        )

    async def _next(self) -> _Made:
        began = time.perf_counter()
        try:
            return await asyncio.wait_for(
                self._made.get(), max(0.0, self._seconds_left)
            )
        except TimeoutError:
            return _Failed(
                Unavailable(
                    "The speech was not ready in time (`tts_request_timeout`).",
                    retry_after_seconds=5,
                )
            )
        finally:
            self._seconds_left -= time.perf_counter() - began

    def _encode(self, samples: Samples) -> Iterator[bytes]:
        """The bytes of the samples, a slice at a time."""
        step = int(SLICE_SECONDS * self._rate_hz)
        for begin in range(0, len(samples), step):
            part = samples[begin : begin + step]
            data = self._encoder.encode(part)
            self.audio_seconds += len(part) / self._rate_hz
            if data:
                self.first_audio_at = self.first_audio_at or time.perf_counter()
                yield data

    def _fail(self, error: Exception) -> None:
        if not self.audio_seconds:
            raise error
        self.error = error
        if not isinstance(error, VoiceError):
            log.error("speech failed", exc_info=error)

    async def _read(self) -> None:
        """Pieces to clauses and pauses."""
        try:
            reader = make_reader(self._plan.input, self._plan.voice.language)
            async with aclosing(self._pieces) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    self.first_piece_at = self.first_piece_at or time.perf_counter()
                    self.text += piece
                    self._made.put_nowait(TextDelta(piece))
                    for line in reader.iterate(piece):
                        self._clauses.put_nowait(line)
                        await self._give_way(piece)
                    if self._is_slow():
                        for line in reader.hurry():
                            self._clauses.put_nowait(line)
            for line in reader.finish():
                self._clauses.put_nowait(line)
            self._clauses.put_nowait(_End())
        except Exception as error:  # noqa: BLE001 - it is raised or logged by `_fail`
            self._clauses.put_nowait(_Failed(error))

    async def _give_way(self, piece: str) -> None:
        """Reading a long text at once would take time from the first sound."""
        if len(piece) > LONG_PIECE:
            await self._first_made.wait()
        await asyncio.sleep(0)

    def _is_slow(self) -> bool:
        """Whether the first clause takes long to be written."""
        return time.perf_counter() - (self.first_piece_at or 0.0) > SLOW_SECONDS

    async def _synthesize(self) -> None:
        """Clauses to audio."""
        priority = Priority.FIRST_CLAUSE
        try:
            while isinstance(line := await self._clauses.get(), Line):
                if isinstance(line, Pause):
                    self._tell(line)
                    continue
                await self._ahead.acquire()
                await self._say(line, priority)
                priority = Priority.LATER_CLAUSE
            self._tell(line)
        except Exception as error:  # noqa: BLE001 - it is raised or logged by `_fail`
            self._tell(_Failed(error))

    def _tell(self, made: _Made) -> None:
        self._made.put_nowait(made)
        self._first_made.set()

    async def _say(self, clause: Clause, priority: Priority) -> None:
        request = self._plan.request(clause)
        began, seconds = time.perf_counter(), 0.0
        parts: Any = self._tts.synthesize(request, priority)
        async with aclosing(parts):
            async for audio in parts:
                seconds += audio.seconds
                self._tell(audio)
        self._tell(_ClauseEnd(clause.text))
        taken = time.perf_counter() - began
        STAGE_SECONDS.labels("synthesize").observe(taken)
        if seconds:
            REAL_TIME_FACTOR.labels("piper").set(taken / seconds)
