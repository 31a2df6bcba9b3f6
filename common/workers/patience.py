"""How long a worker may be at work without giving anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_TIMES_ITS_START = 10
"""A job takes a small part of the time in which a worker loads and warms up."""


@dataclass(frozen=True)
class Patience:
    """The bound on the time from one item of a worker to the next."""

    seconds: float = 0.0
    """Exactly that; 0 leaves it to the worker's own pace."""
    least_seconds: float = 60.0
    """However quick the worker started."""

    def limit_seconds(self, start_seconds: float) -> float:
        """For a worker whose start took so long.

        A slow machine or a large model makes both slow, the start and the jobs.
        """
        pace_seconds = _TIMES_ITS_START * start_seconds
        return self.seconds or max(self.least_seconds, pace_seconds)


USUAL = Patience()


class JobTimer:
    """The time since a worker was given a job, or last gave something for it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None

    def restart(self) -> None:
        self._since = self._clock()

    def stop(self) -> None:
        self._since = None

    @property
    def seconds(self) -> float:
        """0 while it has no job."""
        since = self._since
        return 0.0 if since is None else self._clock() - since
