"""One live transcription: audio goes in without waiting, events come out in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from common.audio import SPEECH_RATE_HZ, Samples
from common.errors import VoiceError
from common.metrics import AUDIO_SECONDS
from common.workers import Urgency
from stt_app.core.endpointing.events import (
    AudioHeard,
    CandidateDropped,
    EndpointEvent,
    NoSpeechHeard,
    UtteranceEnded,
)
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import (
    FlushDone,
    Marked,
    SessionClosed,
    SessionEvent,
    SpeechEnded,
    UtteranceResult,
    UtteranceTranscribed,
)
from stt_app.core.interim.interim_results import InterimResults
from stt_app.core.interim.scheduler import InterimScheduler
from stt_app.core.session.backlog import UtteranceBacklog
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.jobs import End, Flush, Job
from stt_app.core.session.options import Options
from stt_app.core.session.outbox import Outbox
from stt_app.core.session.settings import SessionSettings, Start
from stt_app.core.session.speech_clock import SpeechClock
from stt_app.core.session.status import StatusReporter
from stt_app.core.session.utterances import Transcriber, UtteranceJob
from stt_app.core.turns.detector import TurnDetector
from stt_app.core.turns.pauses import TurnPauses

MOST_AT_ONCE = 4
"""Utterances of one session in the engine at the same time: one Whisper batch on a CPU."""


def nobody(_result: UtteranceResult) -> None:
    """The default: stores nothing."""


class SttSession:
    """One connection's audio, utterances and texts.

    `feed` never waits; `wait_for_capacity()`, awaited after each frame, holds back a
    client that sends too much. `on_result` is called with each text, read or not.
    With `urgency` the caller can give up all of its texts at once.
    """

    def __init__(
        self,
        engines: SessionEngines,
        settings: SessionSettings,
        start: Start = Start(),
        *,
        urgency: Urgency | None = None,
        on_result: Callable[[UtteranceResult], None] = nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_result = on_result
        self._urgency = urgency
        self._clock = clock
        self._settings, configured = settings, settings.configured
        engine = engines.stt
        frontend = self._frontend = settings.frontend(engines.vad, start)
        self._ready = start.ready(engine.model_name, frontend.sample_rate)
        load = engines.load or EngineLoad(configured.stt_lag_limit_seconds, clock)
        self._transcriber = Transcriber(engine, load, clock)
        self._outbox = Outbox()
        self._turns = TurnDetector(engines.turn_model, frontend, self._outbox.offer)
        self._turns.wait_for_silence(settings.silence_seconds, settings.turn_pauses)
        self._interim = InterimScheduler(
            engine,
            load,
            InterimResults(engine, configured, self._outbox.offer, clock),
            frontend.open_utterance,
            settings.request,
            self._turns.prepared,
        )
        self._backlog = UtteranceBacklog(configured, clock)
        self._status = StatusReporter(self._outbox, self._backlog, frontend, clock)
        start_sample = round(start.audio_seconds * SPEECH_RATE_HZ)
        self._speech_clock = SpeechClock(start_sample, clock)
        self._sent_texts, self._finishing = 0, False
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._worker = asyncio.create_task(self._work())

    def feed(self, frame: bytes) -> None:
        """Audio in the session's encoding, rate and channels, of any length.

        After `finish` it is ignored. Raises UnsupportedAudio.
        """
        if self._finishing:
            return
        seconds_before = self._frontend.audio_seconds
        events = self._frontend.hear(frame)
        AUDIO_SECONDS.labels("in").inc(self._frontend.audio_seconds - seconds_before)
        self._take(events)
        if self._settings.live:
            self._backlog.hear(self._frontend.audio_seconds - seconds_before)
            self._interim.look(interim_results=self._settings.interim_results)
        self._status.after_audio()

    @property
    def audio_seconds(self) -> float:
        """The position of the end of the received audio."""
        return self._frontend.audio_seconds

    @property
    def slice_bytes(self) -> int:
        """The most bytes to feed at once, so that other tasks do not wait."""
        return self._frontend.slice_bytes

    async def wait_for_capacity(self) -> None:
        """Return when there is room for another frame. Always yields to other tasks."""
        await self._backlog.wait_for_capacity()

    def configure(self, options: Options, model: str | None = None) -> None:
        """Change the client's options and the model; None leaves them unchanged."""
        if self._finishing:
            return
        self._settings.update(options, model)
        # A speculative final under the old options is useless.
        self._interim.end()
        use, settings = self._frontend.use, self._settings
        self._take(use(settings.listening, settings.encoding, settings.channels))
        self.wait_for_silence(settings.silence_seconds, settings.turn_pauses)

    def wait_for_silence(
        self, seconds: float, pauses: TurnPauses | None = None
    ) -> None:
        """How long a pause must be to end an utterance, from now on.

        With `pauses` the turn model, if there is one, decides it for each pause.
        """
        self._turns.wait_for_silence(seconds, pauses)

    @property
    def voiced_seconds(self) -> float:
        """The duration of the open utterance's speech; 0 in silence."""
        return self._frontend.voiced_seconds

    def open_audio(self) -> Samples | None:
        """The open utterance as mono float32 at 16 kHz, shape (n,); None in silence."""
        utterance = self._frontend.open_utterance()
        return utterance.samples if utterance is not None else None

    def flush(self) -> int | None:
        """End the current utterance now. Always answered with FlushDone.

        Returns the number of the utterance; None if there was no speech.
        """
        if self._finishing:
            return None
        ended = self._take(self._frontend.flush())
        self._jobs.put_nowait(Flush(ended))
        return ended

    def discard(self, *, restarts: bool = False) -> None:
        """Drop the current utterance. Those that have ended are still transcribed.
        With `restarts` the next one may begin within its end."""
        if not self._finishing:
            self._take(self._frontend.discard(restarts=restarts))

    def mark(self, mark: object) -> None:
        """Put a mark of the endpoint's own behind the events so far."""
        self._outbox.put(Marked(mark))

    @property
    def pending_seconds(self) -> float:
        """The audio of ended utterances without a text."""
        return self._backlog.seconds

    def warn_of_end(self, seconds: float) -> None:
        """Tell the client that the connection ends in this many seconds."""
        self._status.before_end(seconds)

    def finish(self, reason: str = "client") -> None:
        """End of the audio: transcribe the rest, then end the events."""
        if self._finishing:
            return
        self._take(self._frontend.flush())
        self._finishing = True
        self._interim.end()
        self._jobs.put_nowait(End(reason))

    async def drain(self, reason: str = "restarting") -> None:
        """Finish at the server's request; return when every event has been read."""
        self.finish(reason)
        await self._outbox.all_taken()

    def fail(self, error: VoiceError) -> None:
        """The reader of events gets this error next."""
        self._outbox.fail(error)

    async def close(self, *, for_history: bool = True) -> None:
        """The client is gone. With `for_history` its last words are still transcribed,
        behind those of everybody who is there; without, they are given up."""
        self.finish("disconnected")
        self._outbox.give_up()
        self._backlog.leave(for_history=for_history)
        await asyncio.wait([self._worker])

    async def events(self) -> AsyncIterator[SessionEvent]:
        """Every event; ends after `finish`. Raises the error of `fail`."""
        yield self._ready
        async for event in self._outbox.events():
            yield event
        # Raises the worker's error, if any.
        await self._worker

    def _take(self, events: list[EndpointEvent]) -> int | None:
        """Process events. Returns the number of the last utterance that ended."""
        ended = None
        for event in events:
            if isinstance(event, AudioHeard):
                self._speech_clock.hear(event)
                for each in (self._turns, self._interim, self._status):
                    each.hear(event)
                continue
            if isinstance(event, NoSpeechHeard):
                self._status.without_speech()
                continue
            self._speech_clock.take(event)
            self._turns.take(event)
            if isinstance(event, UtteranceEnded):
                ended = event.utterance_id
                self._ask(event)
            else:
                if isinstance(event, CandidateDropped):
                    self._interim.end()
                self._outbox.offer(event)
            self._interim.take(event)
        return ended

    def _ask(self, ended: UtteranceEnded) -> None:
        speculative = self._interim.end(ended)
        job = UtteranceJob(
            ended,
            self._settings.request(ended),
            speech_end_at=self._speech_clock.speech_end_at,
            waits_since=self._clock(),
            urgency=self._urgency or Urgency(self._settings.priority),
            speculative=speculative,
        )
        # Never dropped: endpoints that send one text for several utterances count on it.
        self._outbox.put(SpeechEnded.of(ended))
        self._backlog.add(job)
        self._jobs.put_nowait(asyncio.create_task(self._result(job)))

    async def _result(self, job: UtteranceJob) -> UtteranceResult:
        async with self._places:
            return await self._transcriber.transcribe(job)

    async def _work(self) -> None:
        """Send the texts in the order of the utterances, whichever is ready first."""
        try:
            while not isinstance(job := await self._jobs.get(), End):
                if isinstance(job, Flush):
                    self._outbox.put(FlushDone(job.utterance_id))
                else:
                    await self._outbox.wait_for_capacity()
                    self._send(await job)
            end_seconds, texts = self._frontend.audio_seconds, self._sent_texts
            self._outbox.put(SessionClosed(job.reason, end_seconds, texts))
        finally:
            self._finishing = True
            self._backlog.end()
            self._outbox.end()

    def _send(self, result: UtteranceResult) -> None:
        self._backlog.remove_first()
        result = replace(result, is_last=self._finishing and not self._backlog)
        self._outbox.put(result)
        if isinstance(result, UtteranceTranscribed) and result.text:
            self._sent_texts += 1
        self._on_result(result)
        self._status.after_text()
