"""Interim results of the open utterance: early, stable, and shed first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from common.config.speech import ListeningSettings
from common.errors import Overloaded, VoiceError
from common.metrics import PARTIALS
from common.workers import Priority, Urgency
from stt_app.core.engine import SttEngine, Transcript, TranscriptionRequest
from stt_app.core.events import InterimResult
from stt_app.core.interim.local_agreement import StableText
from stt_app.core.interim.speculative_final import SpeculativeTranscript

_SHARE_OF_TIME = 0.5
"""Interim results take at most this fraction of the time: the other half is for the
finals of other sessions, which use the same engine."""
_LONGEST_PAUSE_SECONDS = 5.0
"""Maximum interval, so that even with a slow engine the speaker sees progress."""

_Answer = Callable[[], Awaitable[Transcript | None]]


class InterimResults:
    """The interim results of one session: never more than one request in flight."""

    def __init__(
        self,
        engine: SttEngine,
        settings: ListeningSettings,
        emit: Callable[[InterimResult], None],
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._first_seconds = settings.partial_first_seconds
        self._interval_seconds = settings.partial_interval_seconds
        self._emit = emit
        self._clock = clock
        self._pause_seconds = self._interval_seconds
        self._number = 0
        self._stable = StableText()
        self._seen_seconds = 0.0
        self._next_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    def due(self, number: int, spoken_seconds: float) -> bool:
        """Whether to request an interim result now."""
        if number != self._number:
            self._begin(number)
        if self._asking is not None or self._clock() < self._next_at:
            return False
        if self._seen_seconds == 0:
            return spoken_seconds >= self._first_seconds
        return spoken_seconds - self._seen_seconds >= self._interval_seconds / 2

    def ask(
        self,
        number: int,
        start_sample: int,
        spoken_seconds: float,
        request: TranscriptionRequest,
    ) -> None:
        """Request an interim result; emit it when it comes, unless it comes too
        late."""
        deadline = self._clock() + self._pause_seconds + self._interval_seconds
        urgency = Urgency(Priority.INTERIM, deadline)
        answer = partial(self._engine.transcribe, request, urgency)
        self._expect(number, start_sample, spoken_seconds, answer)

    def share(
        self,
        number: int,
        start_sample: int,
        spoken_seconds: float,
        speculative: SpeculativeTranscript,
    ) -> bool:
        """Emit the text of a pause as well. Returns False while another is in flight."""
        if number != self._number:
            self._begin(number)
        if self._asking is not None:
            return False
        self._expect(number, start_sample, spoken_seconds, speculative.watch)
        return True

    def end(self) -> None:
        """The utterance is over: the request in flight is stale."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._number = 0

    def _begin(self, number: int) -> None:
        self.end()
        self._number = number
        self._stable = StableText()
        self._seen_seconds = 0.0
        self._next_at = 0.0

    def _expect(
        self,
        number: int,
        start_sample: int,
        spoken_seconds: float,
        answer: _Answer,
    ) -> None:
        self._seen_seconds = spoken_seconds
        work = self._await(number, start_sample, answer)
        self._asking = asyncio.create_task(work)

    async def _await(self, number: int, start_sample: int, answer: _Answer) -> None:
        began = self._clock()
        try:
            found = await answer()
        except VoiceError as error:
            # An error matters only for the final, not for an interim result.
            if isinstance(error, Overloaded):
                PARTIALS.labels("shed").inc()
            self._pause(began, 2 * self._pause_seconds)
        else:
            self._pause(began, (self._clock() - began) / _SHARE_OF_TIME)
            if found is not None:
                self._tell(number, start_sample, found)
        self._asking = None

    def _pause(self, began: float, seconds: float) -> None:
        """The interval to the next request, within bounds."""
        most = max(self._interval_seconds, _LONGEST_PAUSE_SECONDS)
        self._pause_seconds = min(max(seconds, self._interval_seconds), most)
        self._next_at = began + self._pause_seconds

    def _tell(self, number: int, start_sample: int, found: Transcript) -> None:
        text = self._stable.push(found.text)
        if not text:
            return
        PARTIALS.labels("sent").inc()
        settled = self._stable.settled
        self._emit(InterimResult(number, start_sample, text, settled, found.confidence))
