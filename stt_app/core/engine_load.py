"""How busy the speech-to-text engine is, as the sessions of a process feel it."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator

from common.errors import Overloaded

_SHED_INTERIM_SECONDS = 0.4
"""A judgement: a final takes about 0.2 s on two cores, so about two of them wait then,
and an interim result would come after what it is about."""
_SHED_SPECULATION_SECONDS = 0.25
"""Less than for interim results: a speculative text costs as much as a final, is thrown
away when speech goes on, and is asked for again at the end if it was left out."""
RETRY_SECONDS = 5.0
"""An utterance lasts a few seconds, so by then the load may be another."""


class EngineLoad:
    """Shared by all sessions. What can be left out is left out first, finals never."""

    def __init__(
        self, limit_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._asked: dict[int, float] = {}
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around a question to the engine whose answer somebody waits for."""
        number = next(self._numbers)
        self._asked[number] = self._clock()
        try:
            yield
        finally:
            del self._asked[number]

    @property
    def lag_seconds(self) -> float:
        """For how long the oldest open question has waited."""
        if not self._asked:
            return 0.0
        # Questions are numbered in order, and a dictionary keeps it.
        return self._clock() - next(iter(self._asked.values()))

    @property
    def allows_interim(self) -> bool:
        """Whether there is time for interim results."""
        return self.lag_seconds < _SHED_INTERIM_SECONDS

    @property
    def allows_speculation(self) -> bool:
        """Whether there is time for texts that may be thrown away."""
        return self.lag_seconds < _SHED_SPECULATION_SECONDS

    def admit(self) -> None:
        """Whether one more session can be served. Raises Overloaded."""
        if self.lag_seconds > self._limit_seconds:
            raise Overloaded(
                f"Transcripts are already {self.lag_seconds:.0f} s late.",
                retry_after_seconds=RETRY_SECONDS,
            )
