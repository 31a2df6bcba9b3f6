"""One live transcription: audio goes in without waiting, messages come out in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from common.audio import SPEECH_RATE_HZ
from common.config.speech import ListeningSettings
from common.metrics import AUDIO_SECONDS
from stt_app.core.engine import SttEngine
from stt_app.core.hearing import Hearing
from stt_app.core.languages import AUTO
from stt_app.core.messages import (
    BufferLimitReached,
    Closed,
    Flushed,
    Options,
    Ready,
    ServerMessage,
    TranscriptReady,
)
from stt_app.core.segmenter import EndReason, Event, UtteranceEnded
from stt_app.core.transcribing import Heard, Spoken, transcribe
from stt_app.core.vad import VadModel

log = structlog.get_logger(__name__)

MAX_UNSENT_MESSAGES = 256
"""With so many messages that nobody takes, transcribing waits."""


@dataclass(frozen=True)
class _Flush:
    """Answer a flush, once everything before it is done."""

    utterance_id: int | None


@dataclass(frozen=True)
class _End:
    """Nothing follows."""

    reason: str


def nobody(heard: Heard) -> None:
    """Nobody keeps what was heard."""


class SttSession:
    """One connection's audio, utterances and transcripts.

    `feed` never waits. Whoever calls it awaits `room()` after each frame, which
    holds a client back that sends more than can be transcribed.
    """

    def __init__(
        self,
        engine: SttEngine,
        settings: ListeningSettings,
        vad: VadModel,
        *,
        session_id: str,
        options: Options,
        on_heard: Callable[[Heard], None] = nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._session_id = session_id
        self._on_heard = on_heard
        self._clock = clock
        self._language = options.language or AUTO
        rate = options.sample_rate or settings.sample_rate
        self._hearing = Hearing(settings, vad, rate)
        self._limit = int(settings.max_buffer_seconds * SPEECH_RATE_HZ)
        self._warn_at = self._limit
        self._numbers = 0
        self._sent_texts = 0
        self._last_was_final = False
        self._speech_end_at = 0.0
        self._waiting_samples = 0
        self._waiting_jobs = 0
        self._finishing = False
        self._relieved = asyncio.Event()
        self._taken = asyncio.Event()
        self._all_taken = asyncio.Event()
        self._jobs: asyncio.Queue[Spoken | _Flush | _End] = asyncio.Queue()
        self._outbox: asyncio.Queue[ServerMessage | None] = asyncio.Queue()
        self._worker = asyncio.create_task(self._work())

    # In

    def feed(self, frame: bytes) -> None:
        """Audio, PCM16 of any length. After `finish` it is ignored."""
        if self._finishing:
            return
        spoken_until = self._hearing.segmenter.speech_end_sample
        seconds_before = self._hearing.audio_seconds
        events = self._hearing.hear(frame)
        if self._hearing.segmenter.speech_end_sample != spoken_until:
            self._speech_end_at = self._clock()
        AUDIO_SECONDS.labels("in").inc(self._hearing.audio_seconds - seconds_before)
        self._take(events)
        self._warn_when_full()

    async def room(self) -> None:
        """Return when there is room for another frame. Always lets others run."""
        await asyncio.sleep(0)
        while self._waiting_samples >= self._limit and not self._worker.done():
            self._relieved.clear()
            await self._relieved.wait()

    def configure(self, options: Options) -> None:
        """Change what the client chose; what is None stays."""
        if options.language is not None:
            self._language = options.language
        if options.sample_rate is not None and not self._finishing:
            self._take(self._hearing.use_rate(options.sample_rate))

    def flush(self) -> None:
        """Finish the current utterance now. Always answered with `flushed`."""
        if self._finishing:
            return
        numbers_before = self._numbers
        self._take(self._hearing.flush())
        finished = self._numbers if self._numbers > numbers_before else None
        self._jobs.put_nowait(_Flush(finished))

    def finish(self, reason: str = "client") -> None:
        """No more audio: what is left is transcribed, then the messages end."""
        if self._finishing:
            return
        self._take(self._hearing.flush())
        self._finishing = True
        self._jobs.put_nowait(_End(reason))

    async def drain(self) -> None:
        """Finish because the server ends; return when every message was taken."""
        self.finish("restarting")
        await self._all_taken.wait()

    async def close(self) -> None:
        """The client has gone. Its last words are still heard, but not sent."""
        self.finish("disconnected")
        self._outbox_unread()
        await asyncio.wait([self._worker])

    # Out

    async def events(self) -> AsyncIterator[ServerMessage]:
        """Every message to the client; ends after `finish`."""
        yield Ready(
            session_id=self._session_id,
            model=self._engine.model_name,
            sample_rate=self._hearing.sample_rate,
        )
        while (message := await self._outbox.get()) is not None:
            self._taken.set()
            yield message
        self._all_taken.set()
        # Whatever broke the worker is raised here.
        await self._worker

    # Between

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, UtteranceEnded):
                self._numbers += 1
                limit = event.reason is EndReason.LIMIT
                ended_at = self._clock() if limit else self._speech_end_at
                spoken = Spoken(self._numbers, event, self._language, ended_at)
                self._waiting_samples += len(event.samples)
                self._waiting_jobs += 1
                self._jobs.put_nowait(spoken)

    def _warn_when_full(self) -> None:
        held = max(self._hearing.segmenter.unbroken_samples, self._waiting_samples)
        if held >= self._warn_at:
            self._warn_at = held + self._limit
            seconds = round(held / SPEECH_RATE_HZ, 2)
            self._outbox.put_nowait(BufferLimitReached(duration=seconds))
        elif held < self._limit // 2:
            self._warn_at = self._limit

    async def _work(self) -> None:
        """Do the jobs one after the other, so that texts come in the order of speech."""
        try:
            while not isinstance(job := await self._jobs.get(), _End):
                if isinstance(job, _Flush):
                    self._outbox.put_nowait(Flushed(utterance_id=job.utterance_id))
                else:
                    await self._transcribe(job)
            self._say_goodbye(job.reason)
        finally:
            self._finishing = True
            self._relieved.set()
            self._outbox.put_nowait(None)

    async def _transcribe(self, spoken: Spoken) -> None:
        while self._outbox.qsize() >= MAX_UNSENT_MESSAGES and not self._finishing:
            self._taken.clear()
            await self._taken.wait()
        outcome = await transcribe(self._engine, spoken, self._clock)
        self._waiting_samples -= len(spoken.utterance.samples)
        self._waiting_jobs -= 1
        self._relieved.set()
        last = self._finishing and self._waiting_jobs == 0
        message = outcome.message(keep_open=not last)
        if message is not None:
            self._outbox.put_nowait(message)
        if isinstance(message, TranscriptReady):
            self._sent_texts += 1
            self._last_was_final = last
        self._on_heard(outcome.heard)

    def _say_goodbye(self, reason: str) -> None:
        if not self._last_was_final:
            nothing = TranscriptReady(text="", duration=0.0, keep_open=False)
            self._outbox.put_nowait(nothing)
        seconds = round(self._hearing.audio_seconds, 3)
        self._outbox.put_nowait(
            Closed(reason=reason, audio_seconds=seconds, utterances=self._sent_texts)
        )

    def _outbox_unread(self) -> None:
        """Nobody takes messages any more, so nothing may wait for that."""
        self._taken.set()
