"""The load of the speech-to-text engine, measured by the sessions of a process."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator

from common.errors import Overloaded

_SHED_INTERIM_SECONDS = 0.4
"""An estimate: a final takes about 0.2 s on two cores, so about two of them are queued
then, and an interim result would come too late."""
_SHED_SPECULATION_SECONDS = 0.25
"""Lower than for interim results: a speculative final costs as much as a final, is
discarded if speech continues, and is not lost if it is skipped."""
RETRY_SECONDS = 5.0
"""An utterance lasts a few seconds, so the load may have changed by then."""


class EngineLoad:
    """Shared by all sessions. Sheds optional work first, and never finals."""

    def __init__(
        self, limit_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._asked: dict[int, float] = {}
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """A context for an engine call that a user is waiting for."""
        number = next(self._numbers)
        self._asked[number] = self._clock()
        try:
            yield
        finally:
            del self._asked[number]

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest open call."""
        if not self._asked:
            return 0.0
        # Calls are numbered in order, and a dictionary keeps that order.
        return self._clock() - next(iter(self._asked.values()))

    @property
    def allows_interim(self) -> bool:
        """Whether there is time for interim results."""
        return self.lag_seconds < _SHED_INTERIM_SECONDS

    @property
    def allows_speculation(self) -> bool:
        """Whether there is time for speculative finals."""
        return self.lag_seconds < _SHED_SPECULATION_SECONDS

    def admit(self) -> None:
        """Check that one more session can be served. Raises Overloaded."""
        if self.lag_seconds > self._limit_seconds:
            raise Overloaded(
                f"Transcripts are already {self.lag_seconds:.0f} s late.",
                retry_after_seconds=RETRY_SECONDS,
            )
