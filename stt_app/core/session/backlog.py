"""The pending utterances of one session, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from common.audio import SPEECH_RATE_HZ
from common.config.speech import ListeningSettings
from stt_app.core.session.utterances import UtteranceJob


class Pace:
    """How far live audio is ahead of real time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ahead_seconds = 0.0
        self._heard_at = clock()

    def hear(self, seconds: float) -> None:
        """So much audio has come now. A pause before it gives no credit."""
        self._ahead_seconds = self.ahead_seconds + seconds
        self._heard_at = self._clock()

    @property
    def ahead_seconds(self) -> float:
        return max(0.0, self._ahead_seconds - (self._clock() - self._heard_at))


class UtteranceBacklog:
    """Counts pending audio, and applies back-pressure above the limits: one for all
    audio, and a lower one for audio that is ahead of real time."""

    def __init__(self, settings: ListeningSettings, clock: Callable[[], float]) -> None:
        self.limit_samples = int(settings.max_buffer_seconds * SPEECH_RATE_HZ)
        self._ahead_seconds = settings.stt_ahead_seconds
        self._pace = Pace(clock)
        self.samples = 0
        """Pending samples."""
        self._waiting: deque[UtteranceJob] = deque()
        self._relieved = asyncio.Event()
        self._ended = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def seconds(self) -> float:
        """Pending audio."""
        return self.samples / SPEECH_RATE_HZ

    def hear(self, seconds: float) -> None:
        """So much live audio has come."""
        self._pace.hear(seconds)

    def add(self, job: UtteranceJob) -> None:
        self._waiting.append(job)
        self.samples += len(job.utterance.samples)

    def remove_first(self) -> None:
        """The text of the oldest utterance was sent."""
        job = self._waiting.popleft()
        self.samples -= len(job.utterance.samples)
        self._relieved.set()

    def leave(self, *, for_history: bool) -> None:
        """The client has gone. What is pending comes after the audio of those who are
        there, or is given up."""
        for job in self._waiting:
            if for_history:
                job.leave_to_history()
            else:
                job.give_up()

    def end(self) -> None:
        """Nothing is pending any more."""
        self._ended = True
        self._relieved.set()

    async def wait_for_capacity(self) -> None:
        """Return when more may be added. Always yields to other tasks."""
        await asyncio.sleep(0)
        while self._is_full and not self._ended:
            self._relieved.clear()
            await self._relieved.wait()

    @property
    def _is_full(self) -> bool:
        if self.samples >= self.limit_samples:
            return True
        limit = self._ahead_seconds
        return self.seconds >= limit and self._pace.ahead_seconds >= limit

    @property
    def first_sample(self) -> int | None:
        """The start of the oldest unsent speech."""
        return self._waiting[0].utterance.start_sample if self._waiting else None

    def lag_seconds(self, now: float) -> float:
        """The age of the oldest one."""
        return now - self._waiting[0].waits_since if self._waiting else 0.0
