"""Utterances of one session whose texts are on their way, in the order of speech."""

from __future__ import annotations

import asyncio
from collections import deque

from stt_app.core.session.utterances import UtteranceJob


class UtteranceBacklog:
    """Counts what waits, and holds back whoever adds more than may wait."""

    def __init__(self, limit_samples: int) -> None:
        self.limit_samples = limit_samples
        self.samples = 0
        """Samples that wait for their text."""
        self._waiting: deque[UtteranceJob] = deque()
        self._relieved = asyncio.Event()
        self._ended = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: UtteranceJob) -> None:
        self._waiting.append(job)
        self.samples += len(job.utterance.samples)

    def remove_first(self) -> None:
        """The text of the one that waited longest was sent."""
        job = self._waiting.popleft()
        self.samples -= len(job.utterance.samples)
        self._relieved.set()

    def end(self) -> None:
        """Nothing is waited for any more."""
        self._ended = True
        self._relieved.set()

    async def wait_for_capacity(self) -> None:
        """Return when more may be added. Always lets others run."""
        await asyncio.sleep(0)
        while self.samples >= self.limit_samples and not self._ended:
            self._relieved.clear()
            await self._relieved.wait()

    @property
    def first_sample(self) -> int | None:
        """Where the speech begins that was not sent yet."""
        return self._waiting[0].utterance.start_sample if self._waiting else None

    def lag_seconds(self, now: float) -> float:
        """For how long the oldest one has waited."""
        return now - self._waiting[0].waits_since if self._waiting else 0.0
