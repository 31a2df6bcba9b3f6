"""The bounded priority queue between the event loop and the workers' threads."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from common.errors import EngineFailed, Expired, Overloaded
from common.workers.turns import NOBODY, Caller, Turns, crowds_out

Answer = TypeVar("Answer")

_GIVEN_UP = "The request was cancelled."


class Priority(IntEnum):
    """The order of jobs. Within one priority callers take turns."""

    FINAL = 0
    FIRST_CLAUSE = 1
    LATER_CLAUSE = 2
    SPECULATIVE = 3
    INTERIM = 4
    FILE = 5
    HISTORY = 6
    """Nobody waits for it: its client has gone, and only the history keeps it."""


AGEING_SECONDS = 5.0
"""After each such wait a job moves up by one priority, unless nobody waits for it."""
FILE_AGEING_SECONDS = 60.0
"""The same for files, which give way to speech but must not wait for ever."""


@dataclass(eq=False)
class Urgency:
    """How urgent a call is: the caller's handle while it is queued or running.

    One handle may serve several calls, one after the other. It belongs to the event
    loop of its caller; workers only read it.
    """

    priority: Priority
    deadline: float | None = None
    """On the clock of the backlog; a job that is still queued then fails with
    Expired."""
    given_up: bool = field(default=False, init=False)
    """Whether the call was cancelled."""
    _calls: list[Callable[[], object]] = field(
        default_factory=list, init=False, repr=False
    )

    @classmethod
    def of(cls, urgency: Priority | Urgency) -> Urgency:
        return cls(urgency) if isinstance(urgency, Priority) else urgency

    def raise_to(self, priority: Priority) -> None:
        """Raise the call to at least this priority and remove its deadline; not one
        that was left to the history."""
        if self.priority is not Priority.HISTORY:
            self.priority = min(self.priority, priority)
        self.deadline = None

    def leave_to_history(self) -> None:
        """The client has gone: the call comes after those of everybody who is there."""
        self.priority = Priority.HISTORY
        self.deadline = None

    def give_up(self) -> None:
        """Cancel the call: at once if it is queued, as soon as possible if it is
        running.

        Whoever awaits it gets Expired, and so does each later call with this handle.
        """
        self.given_up = True
        for end in list(self._calls):
            end()

    @contextlib.contextmanager
    def ending(self, end: Callable[[], object]) -> Iterator[None]:
        """A context for a call: `end` is called, once, when the call is cancelled.

        Raises Expired when that has happened already.
        """
        if self.given_up:
            raise Expired(_GIVEN_UP)
        self._calls.append(end)
        try:
            yield
        finally:
            self._calls.remove(end)

    async def guard(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """The work's result, for engines that do not use a WorkerPool.

        Raises what the work raises, and Expired when it was given up: the work is
        cancelled then.
        """
        task = asyncio.ensure_future(work)
        try:
            with self.ending(task.cancel):
                return await task
        except asyncio.CancelledError:
            if self.given_up:
                raise Expired(_GIVEN_UP) from None
            raise
        finally:
            task.cancel()


@dataclass(eq=False)
class Job:
    """One request on its way to a worker, and where its answers go."""

    urgency: Urgency
    number: int
    request: Any
    emit: Callable[[str, Any], None]
    batch_key: Hashable = None
    """Jobs with the same key may be worked on together; None goes alone."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    since: float = 0.0
    """When it came into the backlog, by the clock there."""
    caller: Caller = NOBODY
    """Whose turn it takes."""
    cost: float = 1.0
    """How much work it is, compared with the other jobs."""

    @property
    def for_history(self) -> bool:
        return self.urgency.priority is Priority.HISTORY

    def rank(self, now: float) -> int:
        """The lower rank goes first. Waiting raises it up to the highest priority, where
        callers take turns: many old jobs of one caller do not block another's."""
        priority = self.urgency.priority
        if self.for_history:
            return priority
        is_file = priority is Priority.FILE
        ageing_seconds = FILE_AGEING_SECONDS if is_file else AGEING_SECONDS
        return max(0, math.ceil(priority - (now - self.since) / ageing_seconds))

    def goes_with(self, other: Job) -> bool:
        """Whether both may be in one batch: what is wanted now waits for no guess."""
        return (
            self.batch_key is not None
            and self.batch_key == other.batch_key
            and self.urgency.priority == other.urgency.priority
        )

    def give_up(self) -> None:
        """The caller's Urgency was given up: answer now, and let the worker stop."""
        self.emit("error", Expired(_GIVEN_UP))
        self.cancelled.set()

    def expired(self, now: float) -> bool:
        deadline = self.urgency.deadline
        return deadline is not None and now > deadline


@dataclass(frozen=True)
class AllCancelled:
    """Set once nobody waits for any of the jobs."""

    jobs: list[Job]

    def is_set(self) -> bool:
        return all(job.cancelled.is_set() for job in self.jobs)


class Backlog:
    """Jobs that wait. Full means refused; closed means that all waiters leave.

    Ages and deadlines are in seconds of `clock`.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._jobs: list[Job] = []
        self._turns = Turns()
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def put(self, job: Job) -> None:
        """Add the job. Raises Overloaded, or EngineFailed when closed.

        A full backlog refuses the caller who has most jobs in it, which may be another.
        """
        with self._changed:
            if self.closed:
                raise EngineFailed("The engine is stopping.")
            self._forget_unwanted()
            if len(self._jobs) >= self._limit:
                self._make_room(job)
            job.since = self._clock()
            self._jobs.append(job)
            self._changed.notify_all()

    def take(self, still_able: Callable[[], bool], most: int = 1) -> list[Job]:
        """The next job, and up to `most` with those that go with it.

        None at all when closed, or when the taker is not able any more.
        """
        with self._changed:
            while still_able() and not self.closed:
                self._forget_unwanted()
                if self._jobs:
                    return self._take_first(most)
                self._changed.wait()
            return []

    def _take_first(self, most: int) -> list[Job]:
        taken = [self._next(self._jobs)]
        while len(taken) < most:
            mates = [job for job in self._jobs if job.goes_with(taken[0])]
            if not mates:
                break
            taken.append(self._next(mates))
        if not self._jobs:
            self._turns.rest()
        return taken

    def _next(self, jobs: list[Job]) -> Job:
        """Take out the next of these, and count it as its caller's turn."""
        # The queue is short, and urgencies change while jobs wait.
        now = self._clock()
        job = min(jobs, key=lambda job: self._place(job, now))
        self._jobs.remove(job)
        self._turns.serve(job.caller, job.cost)
        return job

    def _place(self, job: Job, now: float) -> tuple[int, float, float, int]:
        return job.rank(now), *self._turns.order(job.caller), job.number

    def _make_room(self, newcomer: Job) -> None:
        """Refuse the last job of whoever has most. Raises Overloaded if that is the
        newcomer's caller."""
        error = Overloaded(
            f"All workers are busy and {self._limit} jobs are already queued.",
            retry_after_seconds=1,
        )
        jobs = [job for job in self._jobs if job.for_history]
        if not jobs or newcomer.for_history:
            greediest = crowds_out((job.caller for job in self._jobs), newcomer.caller)
            jobs = [job for job in self._jobs if job.caller == greediest]
        if not jobs:
            raise error
        now = self._clock()
        last = max(jobs, key=lambda job: self._place(job, now))
        self._jobs.remove(last)
        last.cancelled.set()
        last.emit("error", error)

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
            left, self._jobs = self._jobs, []
            return left

    def close(self) -> list[Job]:
        """Refuse new jobs, send all takers away, and give back what waited."""
        self._closed.set()
        self.wake()
        return self.empty()

    def _forget_unwanted(self) -> None:
        """Drop what was cancelled, and refuse what is past its deadline."""
        now = self._clock()
        for job in [job for job in self._jobs if job.expired(now)]:
            job.emit("error", Expired("The deadline passed while the job was queued."))
            job.cancelled.set()
        self._jobs = [job for job in self._jobs if not job.cancelled.is_set()]
