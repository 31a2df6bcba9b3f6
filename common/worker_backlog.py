"""The bounded priority queue between the event loop and the workers' threads."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from common.errors import EngineFailed, Overloaded


class Priority(IntEnum):
    """Who goes first; within one priority, who came first."""

    FINAL = 0
    FIRST_CLAUSE = 1
    LATER_CLAUSE = 2
    SPECULATIVE = 3
    INTERIM = 4
    FILE = 5


@dataclass(order=True)
class Job:
    """One request on its way to a worker, and where its answers go."""

    priority: int
    number: int
    request: Any = field(compare=False)
    emit: Callable[[str, Any], None] = field(compare=False)
    cancelled: threading.Event = field(compare=False, default_factory=threading.Event)


class Backlog:
    """Jobs that wait. Full means refused; closed means that all waiters leave."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[Job] = []
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def put(self, job: Job) -> None:
        """Add the job. Raises Overloaded, or EngineFailed when closed."""
        with self._changed:
            if self.closed:
                raise EngineFailed("The engine is stopping.")
            if len(self._heap) >= self._limit:
                self._forget_cancelled()
            if len(self._heap) >= self._limit:
                raise Overloaded(
                    f"All workers are busy and {self._limit} jobs wait already.",
                    retry_after_seconds=1,
                )
            heapq.heappush(self._heap, job)
            self._changed.notify_all()

    def take(self, still_able: Callable[[], bool]) -> Job | None:
        """The next job; None when closed, or when the taker is not able any more."""
        with self._changed:
            while still_able() and not self.closed:
                while self._heap:
                    job = heapq.heappop(self._heap)
                    if not job.cancelled.is_set():
                        return job
                self._changed.wait()
            return None

    def wake(self) -> None:
        """Let every taker look again whether it is able."""
        with self._changed:
            self._changed.notify_all()

    def wait_closed(self, seconds: float = 0) -> bool:
        """Wait that long, or until the end. Returns whether it is closed."""
        return self._closed.wait(seconds)

    def empty(self) -> list[Job]:
        """Take out everything that waits."""
        with self._changed:
            left, self._heap = self._heap, []
            return left

    def close(self) -> list[Job]:
        """Refuse new jobs, send all takers away, and give back what waited."""
        self._closed.set()
        self.wake()
        return self.empty()

    def _forget_cancelled(self) -> None:
        self._heap = [job for job in self._heap if not job.cancelled.is_set()]
        heapq.heapify(self._heap)
