"""How busy the speech-to-text engine is, as the sessions of a process feel it."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator

from common.errors import Overloaded

_SHED_PARTIALS_SECONDS = 0.4
_SHED_GUESSES_SECONDS = 0.25
RETRY_SECONDS = 5.0


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
    def asking(self) -> Iterator[None]:
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
    def spares_partials(self) -> bool:
        """Whether there is time for partial texts."""
        return self.lag_seconds < _SHED_PARTIALS_SECONDS

    @property
    def spares_guesses(self) -> bool:
        """Whether there is time for texts that may be thrown away."""
        return self.lag_seconds < _SHED_GUESSES_SECONDS

    def admit(self) -> None:
        """Whether one more session can be served. Raises Overloaded."""
        if self.lag_seconds > self._limit_seconds:
            raise Overloaded(
                f"Transcripts are {self.lag_seconds:.0f} s late already.",
                retry_after_seconds=RETRY_SECONDS,
            )
