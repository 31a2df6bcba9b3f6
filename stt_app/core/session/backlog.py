"""The pending utterances of one session, in order."""

from __future__ import annotations

import asyncio
from collections import deque

from stt_app.core.session.utterances import UtteranceJob


class UtteranceBacklog:
    """Counts pending audio, and applies back-pressure above the limit."""

    def __init__(self, limit_samples: int) -> None:
        self.limit_samples = limit_samples
        self.samples = 0
        """Pending samples."""
        self._waiting: deque[UtteranceJob] = deque()
        self._relieved = asyncio.Event()
        self._ended = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: UtteranceJob) -> None:
        self._waiting.append(job)
        self.samples += len(job.utterance.samples)

    def remove_first(self) -> None:
        """The text of the oldest utterance was sent."""
        job = self._waiting.popleft()
        self.samples -= len(job.utterance.samples)
        self._relieved.set()

    def end(self) -> None:
        """Nothing is pending any more."""
        self._ended = True
        self._relieved.set()

    async def wait_for_capacity(self) -> None:
        """Return when more may be added. Always yields to other tasks."""
        await asyncio.sleep(0)
        while self.samples >= self.limit_samples and not self._ended:
            self._relieved.clear()
            await self._relieved.wait()

    @property
    def first_sample(self) -> int | None:
        """The start of the oldest unsent speech."""
        return self._waiting[0].utterance.start_sample if self._waiting else None

    def lag_seconds(self, now: float) -> float:
        """The age of the oldest one."""
        return now - self._waiting[0].waits_since if self._waiting else 0.0
