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
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.segmenter import (
    EndReason,
    Event,
    SpeechStarted,
    UtteranceEnded,
)
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine import SttEngine
from stt_app.core.engine_load import EngineLoad
from stt_app.core.interim.interim_results import InterimResults
from stt_app.core.interim.scheduler import InterimScheduler
from stt_app.core.messages import (
    Closed,
    Flushed,
    Ready,
    ServerMessage,
    SpeechBegan,
    SpeechFinished,
    TranscriptReady,
)
from stt_app.core.session.backlog import UtteranceBacklog
from stt_app.core.session.options import Options
from stt_app.core.session.outbox import Outbox
from stt_app.core.session.settings import SessionSettings
from stt_app.core.session.status import StatusReporter
from stt_app.core.session.utterances import (
    Heard,
    Transcriber,
    UtteranceJob,
    UtteranceResult,
)

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 4
"""So many utterances of one session are with the engine at the same time."""


@dataclass(frozen=True)
class Start:
    """Where in its stream a session begins, and how it can be taken up again."""

    audio_seconds: float = 0.0
    utterances: int = 0
    resume_token: str | None = None
    resumed: bool | None = None
    """None for a new stream; else whether the earlier part of it is known."""


@dataclass(frozen=True)
class _Flush:
    """Answer a flush, once everything before it is done."""

    utterance_id: int | None


@dataclass(frozen=True)
class _End:
    """Nothing follows."""

    reason: str


@dataclass(frozen=True, eq=False)
class _Asked:
    """An utterance whose text is on its way."""

    spoken: UtteranceJob
    outcome: asyncio.Task[UtteranceResult]


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
        load: EngineLoad | None = None,
        start: Start = Start(),
        on_heard: Callable[[Heard], None] = nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = engine.model_name
        self._session_id = session_id
        self._on_heard = on_heard
        self._clock = clock
        self._wishes = SessionSettings(settings, options)
        self._start = start
        self._hearing = AudioFrontend(
            self._wishes.listening,
            vad,
            start.audio_seconds,
            encoding=self._wishes.encoding,
            resumed=bool(start.resumed),
        )
        load = load or EngineLoad(settings.stt_lag_limit_seconds, clock)
        self._transcriber = Transcriber(engine, load, clock)
        self._outbox = Outbox()
        partials = InterimResults(engine, settings, self._outbox.offer, clock)
        self._live = InterimScheduler(engine, load, partials, self._wishes.request)
        self._pending = UtteranceBacklog(
            int(settings.max_buffer_seconds * SPEECH_RATE_HZ)
        )
        segmenter = self._hearing.segmenter
        self._notices = StatusReporter(self._outbox, self._pending, segmenter, clock)
        self._numbers = start.utterances
        self._sent_texts = 0
        self._last_was_final = False
        self._speech_end_at = 0.0
        self._finishing = False
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._jobs: asyncio.Queue[_Asked | _Flush | _End] = asyncio.Queue()
        self._worker = asyncio.create_task(self._work())

    # In

    def feed(self, frame: bytes) -> None:
        """Audio in the session's encoding, of any length. After `finish` it is ignored."""
        if self._finishing:
            return
        segmenter = self._hearing.segmenter
        spoken_until = segmenter.speech_end_sample
        seconds_before = self._hearing.audio_seconds
        events = self._hearing.hear(frame)
        if segmenter.speech_end_sample != spoken_until:
            self._speech_end_at = self._clock()
        AUDIO_SECONDS.labels("in").inc(self._hearing.audio_seconds - seconds_before)
        self._take(events)
        if self._wishes.live:
            wanted = self._wishes.partials
            self._live.follow(segmenter, self._numbers + 1, partials=wanted)
        self._notices.after_audio()

    @property
    def slice_bytes(self) -> int:
        """Feed no more at a time, so that others are not kept waiting."""
        return self._hearing.slice_bytes

    async def room(self) -> None:
        """Return when there is room for another frame. Always lets others run."""
        await self._pending.room()

    def configure(self, options: Options) -> None:
        """Change what the client chose; what is None stays."""
        if self._finishing:
            return
        self._wishes.update(options)
        # What was prepared under the old options is of no use.
        self._live.end()
        self._take(self._hearing.use(self._wishes.listening, self._wishes.encoding))

    def flush(self) -> None:
        """Finish the current utterance now. Always answered with `flushed`."""
        if self._finishing:
            return
        numbers_before = self._numbers
        self._take(self._hearing.flush())
        finished = self._numbers if self._numbers > numbers_before else None
        self._jobs.put_nowait(_Flush(finished))

    def warn_of_end(self, seconds: float) -> None:
        """Tell the client that the connection ends in so many seconds."""
        self._notices.before_end(seconds)

    def finish(self, reason: str = "client") -> None:
        """No more audio: what is left is transcribed, then the messages end."""
        if self._finishing:
            return
        self._take(self._hearing.flush())
        self._finishing = True
        self._live.end()
        self._jobs.put_nowait(_End(reason))

    async def drain(self, reason: str = "restarting") -> None:
        """Finish because the server wants it; return when every message was taken."""
        self.finish(reason)
        await self._outbox.all_taken()

    async def close(self) -> None:
        """The client has gone. Its last words are still heard, but not sent."""
        self.finish("disconnected")
        self._outbox.give_up()
        await asyncio.wait([self._worker])

    # Out

    async def events(self) -> AsyncIterator[ServerMessage]:
        """Every message to the client; ends after `finish`."""
        start = self._start
        yield Ready(
            session_id=self._session_id,
            model=self._model,
            sample_rate=self._hearing.sample_rate,
            resume_token=start.resume_token,
            resumed=start.resumed,
            audio_seconds=None if start.resumed is None else start.audio_seconds,
        )
        async for message in self._outbox.messages():
            yield message
        # Whatever broke the worker is raised here.
        await self._worker

    # Between

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, SpeechStarted):
                if not event.continued:
                    self._tell_start(event)
            elif isinstance(event, UtteranceEnded):
                self._ask(event)
            else:
                self._live.end()
                self._tell_end(
                    self._numbers + 1, self._hearing.segmenter.speech_end_sample
                )

    def _tell_start(self, event: SpeechStarted) -> None:
        start = round(event.start_sample / SPEECH_RATE_HZ, 3)
        self._outbox.offer(SpeechBegan(start=start, utterance_id=self._numbers + 1))

    def _tell_end(self, number: int, end_sample: int) -> None:
        end = round(end_sample / SPEECH_RATE_HZ, 3)
        self._outbox.offer(SpeechFinished(end=end, utterance_id=number))

    def _ask(self, ended: UtteranceEnded) -> None:
        self._numbers += 1
        guess = self._live.end(ended)
        limit = ended.reason is EndReason.LIMIT
        now = self._clock()
        spoken = UtteranceJob(
            self._numbers,
            ended,
            self._wishes.request(ended.samples, ended.voice_probability),
            speech_end_at=now if limit else self._speech_end_at,
            waits_since=now,
            priority=self._wishes.priority,
            guess=guess,
        )
        if not limit:
            self._tell_end(self._numbers, ended.speech_end_sample)
        self._pending.add(spoken)
        outcome = asyncio.create_task(self._outcome(spoken))
        self._jobs.put_nowait(_Asked(spoken, outcome))

    async def _outcome(self, spoken: UtteranceJob) -> UtteranceResult:
        async with self._places:
            return await self._transcriber.transcribe(spoken)

    async def _work(self) -> None:
        """Send what was asked in the order of speech, whatever is ready first."""
        try:
            while not isinstance(job := await self._jobs.get(), _End):
                if isinstance(job, _Flush):
                    self._outbox.put(Flushed(utterance_id=job.utterance_id))
                else:
                    await self._outbox.room()
                    self._send(await job.outcome)
            self._say_goodbye(job.reason)
        finally:
            self._finishing = True
            self._pending.end()
            self._outbox.end()

    def _send(self, outcome: UtteranceResult) -> None:
        self._pending.remove_first()
        last = self._finishing and not self._pending
        message = outcome.message(keep_open=not last)
        if message is not None:
            self._outbox.put(message)
        if isinstance(message, TranscriptReady):
            self._sent_texts += 1
            self._last_was_final = last
        self._on_heard(outcome.heard)
        self._notices.after_text()

    def _say_goodbye(self, reason: str) -> None:
        if not self._last_was_final:
            nothing = TranscriptReady(text="", duration=0.0, keep_open=False)
            self._outbox.put(nothing)
        seconds = round(self._hearing.audio_seconds, 3)
        self._outbox.put(
            Closed(reason=reason, audio_seconds=seconds, utterances=self._sent_texts)
        )
