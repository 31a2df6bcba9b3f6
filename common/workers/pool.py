"""Runs all blocking work: a bounded, prioritised pool of worker processes.

Native code (CTranslate2, ONNX) may crash, leak or hold the GIL. In its own process it
cannot harm the event loop: the pool replaces a dead worker at once, retries the job in
flight once, and between two jobs replaces a process that exceeds its memory limit.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Hashable, Iterator
from typing import Any, Protocol

import structlog

from common.backoff import backoff
from common.errors import EngineFailed, VoiceError
from common.metrics import WORKER_RESTARTS
from common.workers.backlog import AllCancelled, Backlog, Job, Priority, Urgency
from common.workers.child import Batch
from common.workers.lanes import Lane, ProcessLane, ThreadLane, WorkerDied, WorkerSpec

__all__ = ["BatchHandler", "Handler", "Priority", "Urgency", "WorkerPool"]

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0


class Handler(Protocol):
    """Runs inside a worker. Built there from a dotted path, never pickled."""

    def load(self) -> dict[str, Any]:
        """Load the model; the facts returned appear in `WorkerPool.facts`.

        A fact `batch_size` over 1 says that it is a BatchHandler.
        """

    def handle(self, request: Any) -> Iterator[Any]:
        """Process one request. Closing the iterator cancels it."""


class BatchHandler(Handler, Protocol):
    """A Handler that processes several requests together."""

    def handle_batch(self, requests: list[Any]) -> Iterator[tuple[int, Any]]:
        """One item per request, with the request's number, in any order. If it fails,
        each request without an item is retried alone.
        """


class WorkerPool:
    """Runs a Handler in `count` worker processes (or threads) behind one queue.

    `handler` is the dotted path of a Handler class, `arguments` what it is
    built with (they travel to the process, so they must pickle). A `background` pool
    runs at low priority.
    """

    def __init__(
        self,
        name: str,
        handler: str,
        arguments: tuple[Any, ...] = (),
        *,
        count: int = 1,
        queue_limit: int = 64,
        memory_cap_mb: int = 0,
        isolation: str = "process",
        start_timeout_seconds: float = 120,
        background: bool = False,
    ) -> None:
        self.name = name
        spec = WorkerSpec(name, handler, arguments, start_timeout_seconds, background)
        make = ThreadLane if isolation == "thread" else ProcessLane
        self._lanes: list[Lane] = [make(spec) for _ in range(count)]
        self._memory_cap_mb = memory_cap_mb
        self._queue_limit = queue_limit
        self._backlog = Backlog(queue_limit)
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self.facts: dict[str, Any] = {}
        self.restarts = 0

    async def start(self) -> None:
        """Start all workers and wait until they have loaded. Raises EngineFailed."""
        if self._threads:
            return
        self._backlog = backlog = Backlog(self._queue_limit)
        for lane in self._lanes:
            lane.on_death = backlog.wake
        loaded = await asyncio.gather(
            *(asyncio.to_thread(lane.start) for lane in self._lanes),
            return_exceptions=True,
        )
        for outcome in loaded:
            if isinstance(outcome, BaseException):
                await self._stop_lanes()
                raise outcome
        self.facts = next(each for each in loaded if isinstance(each, dict))
        self._threads = [
            threading.Thread(target=self._serve, args=(lane, backlog), daemon=True)
            for lane in self._lanes
        ]
        for thread in self._threads:
            thread.start()

    async def stop(self) -> None:
        """Reject queued jobs, stop every worker and wait for its exit."""
        for job in self._backlog.close():
            job.emit("error", EngineFailed("The engine is stopping."))
        await self._stop_lanes()
        await asyncio.gather(*(asyncio.to_thread(t.join, 5) for t in self._threads))
        self._threads = []

    async def _stop_lanes(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(lane.stop) for lane in self._lanes))

    @property
    def queued(self) -> int:
        """The number of queued jobs."""
        return len(self._backlog)

    @property
    def processes(self) -> list[int]:
        """Process ids of the living workers."""
        return [lane.pid for lane in self._lanes if lane.pid and lane.alive]

    @property
    def running(self) -> bool:
        """Whether it was started; its workers may still be dead."""
        return bool(self._threads)

    @property
    def alive(self) -> int:
        """How many workers are loaded and able to work."""
        return sum(lane.alive for lane in self._lanes) if self._threads else 0

    @property
    def _batch_size(self) -> int:
        return int(self.facts.get("batch_size", 1))

    @property
    def size(self) -> int:
        return len(self._lanes)

    @property
    def memory_mb(self) -> list[float]:
        """Resident memory of each living worker process."""
        return [lane.memory_mb() for lane in self._lanes if lane.alive]

    async def call(
        self, request: Any, urgency: Priority | Urgency, batch_key: Hashable = None
    ) -> Any:
        """The first item that the handler yields. Raises what `stream` raises.

        Calls with the same batch key may be worked on together.
        """
        stream = self.stream(request, urgency, batch_key)
        try:
            async for item in stream:
                return item
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
        raise EngineFailed(f"The {self.name} worker returned no answer.")

    async def stream(
        self, request: Any, urgency: Priority | Urgency, batch_key: Hashable = None
    ) -> AsyncIterator[Any]:
        """Every item that the handler yields. Leaving the loop cancels the work.

        Raises EngineFailed, Overloaded, or Expired past the urgency's deadline or
        when it was given up.
        """
        if not self._threads:
            raise EngineFailed(f"The {self.name} engine is not running.")
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

        def emit(kind: str, value: Any) -> None:
            # The loop is closed if the server exits while a worker still answers.
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived.put_nowait, (kind, value))

        urgency = Urgency.of(urgency)
        job = Job(urgency, next(self._numbers), request, emit, batch_key)
        try:
            with urgency.ending(job.give_up):
                self._backlog.put(job)
                while True:
                    kind, value = await arrived.get()
                    if kind == "item":
                        yield value
                    elif kind == "error":
                        raise value
                    else:
                        return
        finally:
            job.cancelled.set()

    def _serve(self, lane: Lane, backlog: Backlog) -> None:
        """One lane's thread: take a job, run it, and restart the worker if it dies."""
        pauses = _restart_pauses()
        while not backlog.closed:
            if not lane.alive:
                backlog.wait_closed(next(pauses))
                if self._mend(lane, backlog):
                    pauses = _restart_pauses()
            elif jobs := backlog.take(lambda: lane.alive, self._batch_size):
                self._run_all(lane, backlog, jobs)
                if self._memory_cap_mb and lane.memory_mb() > self._memory_cap_mb:
                    log.info("worker exceeded its memory limit", engine=self.name)
                    self._mend(lane, backlog)

    def _run_all(self, lane: Lane, backlog: Backlog, jobs: list[Job]) -> None:
        """Run a batch; retry each unanswered job alone."""
        tries = 2
        unanswered = dict(enumerate(jobs))
        if len(jobs) > 1:
            batch = Batch([job.request for job in jobs])
            try:
                for number, item in lane.run(batch, AllCancelled(jobs)):
                    job = unanswered.pop(number)
                    job.emit("item", item)
                    job.emit("end", None)
            except WorkerDied:
                tries = 1
                self._mend(lane, backlog)
            except VoiceError:
                log.warning("batch failed, retrying each job alone", engine=self.name)
        for job in unanswered.values():
            if not job.cancelled.is_set():
                self._run(lane, backlog, job, tries)

    def _run(self, lane: Lane, backlog: Backlog, job: Job, tries: int) -> None:
        for attempt in range(1, tries + 1):
            started = False
            try:
                for item in lane.run(job.request, job.cancelled):
                    started = True
                    job.emit("item", item)
                job.emit("end", None)
                return
            except WorkerDied as died:
                # Delivered items cannot be taken back, so only a job without any is
                # retried.
                lost = attempt == tries or started or job.cancelled.is_set()
                if lost or not self._mend(lane, backlog):
                    message = f"The {self.name} worker died at work: {died}."
                    job.emit("error", EngineFailed(message, retry_after_seconds=1))
                    return
            except VoiceError as error:
                job.emit("error", error)
                return

    def _mend(self, lane: Lane, backlog: Backlog) -> bool:
        """Restart the lane's worker. If no worker is alive, reject the queued jobs."""
        if backlog.closed:
            return False
        lane.stop()
        self.restarts += 1
        WORKER_RESTARTS.labels(self.name).inc()
        log.warning("worker restarts", engine=self.name, restarts=self.restarts)
        try:
            lane.start()
        except VoiceError as error:
            lane.stop()
            log.error("worker cannot start", engine=self.name, reason=error.message)
            if not self.alive:
                for job in backlog.empty():
                    job.emit("error", error)
            return False
        if backlog.wait_closed():
            lane.stop()
        return True


def _restart_pauses() -> Iterator[float]:
    return backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, at_once=True)
