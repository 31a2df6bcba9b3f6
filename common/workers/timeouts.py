"""How long a worker may run a job without producing an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_START_TIME_FACTOR = 10
"""A worker loads its model and warms up in much more time than a job takes."""


@dataclass(frozen=True)
class JobTimeout:
    """The longest time from one item of a job to the next."""

    seconds: float = 0.0
    """The configured limit; 0 derives it from the worker's start time."""
    minimum_seconds: float = 60.0
    """The lowest derived limit."""

    def limit_seconds(self, start_seconds: float) -> float:
        """The limit for a worker that took `start_seconds` to start.

        On a slow machine, or with a large model, both the start and the jobs are slow.
        """
        derived_seconds = _START_TIME_FACTOR * start_seconds
        return self.seconds or max(self.minimum_seconds, derived_seconds)


DEFAULT_TIMEOUT = JobTimeout()


class JobTimer:
    """Measures the time since a job started or last produced an item."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None

    def restart(self) -> None:
        self._since = self._clock()

    def stop(self) -> None:
        self._since = None

    @property
    def seconds(self) -> float:
        """0 while no job runs."""
        since = self._since
        return 0.0 if since is None else self._clock() - since


class RunningJobs:
    """The jobs that run now."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._timers: set[JobTimer] = set()

    @contextmanager
    def job(self) -> Iterator[JobTimer]:
        """A job that runs until the block ends; stop its timer while others wait."""
        timer = JobTimer(self._clock)
        self._timers.add(timer)
        timer.restart()
        try:
            yield timer
        finally:
            self._timers.discard(timer)

    @property
    def oldest_seconds(self) -> float:
        """The longest time that one has produced nothing; 0 without any."""
        return max((timer.seconds for timer in self._timers), default=0.0)
