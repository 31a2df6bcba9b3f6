"""Runs all blocking work: a bounded, prioritised pool of worker processes.

Native code (CTranslate2, ONNX) may crash, leak or hold the GIL. In its own process it
cannot harm the event loop: the pool replaces a worker that died or hangs at once, retries
the job in flight once, and between two jobs replaces a process that exceeds its memory
limit.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Hashable, Iterator
from typing import Any, Protocol

from common.engine import PartState
from common.errors import EngineFailed
from common.workers.backlog import Backlog, Job, Priority, Urgency
from common.workers.lanes import Lane, ProcessLane, WorkerSpec
from common.workers.runner import LaneRunner
from common.workers.state import describe, pool_state
from common.workers.thread import ThreadLane
from common.workers.timeouts import DEFAULT_TIMEOUT, JobTimeout
from common.workers.turns import current_caller

__all__ = ["BatchHandler", "Handler", "Priority", "Urgency", "WorkerPool"]

_GOODBYE_SECONDS = 2.0
"""For workers to notice that nothing follows: a job looks between two items."""
_GOODBYE_CHECK_SECONDS = 0.01


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
    runs at low priority. A process that takes `memory_limit_mb` more than at its start
    gets no more (on Linux and macOS; 0 is no limit).
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
        job_timeout: JobTimeout = DEFAULT_TIMEOUT,
        background: bool = False,
        memory_limit_mb: int = 0,
    ) -> None:
        self.name = name
        spec = WorkerSpec(
            name,
            handler,
            arguments,
            start_timeout_seconds,
            job_timeout,
            background,
            memory_limit_mb,
        )
        make = ThreadLane if isolation == "thread" else ProcessLane
        self._lanes: list[Lane] = [make(spec) for _ in range(count)]
        self._memory_cap_mb = memory_cap_mb
        self._queue_limit = queue_limit
        self._backlog = Backlog(queue_limit)
        self._numbers = itertools.count()
        self._runners: list[LaneRunner] = []
        self._threads: list[threading.Thread] = []
        self.facts: dict[str, Any] = {}

    async def start(self) -> None:
        """Start all workers and wait until they have loaded. Raises EngineFailed."""
        if self._threads:
            return
        self._backlog = backlog = Backlog(self._queue_limit)
        for lane in self._lanes:
            lane.on_death = backlog.wake
        loaded = await self._load(backlog)
        for outcome in loaded:
            if isinstance(outcome, BaseException):
                await self._stop_lanes()
                raise outcome
        self.facts = next(each for each in loaded if isinstance(each, dict))
        self._runners = [
            LaneRunner(
                self.name,
                lane,
                backlog,
                batch_size=int(self.facts.get("batch_size", 1)),
                memory_cap_mb=self._memory_cap_mb,
                any_alive=lambda: self.alive > 0,
            )
            for lane in self._lanes
        ]
        self._threads = [
            threading.Thread(target=runner.run, daemon=True) for runner in self._runners
        ]
        for thread in self._threads:
            thread.start()

    async def _load(self, backlog: Backlog) -> list[dict[str, Any] | BaseException]:
        """The facts of each lane, or its error. Cancelling it kills all workers."""

        def still_wanted() -> bool:
            return not backlog.closed

        starts = [asyncio.to_thread(lane.start, still_wanted) for lane in self._lanes]
        try:
            return await asyncio.gather(*starts, return_exceptions=True)
        except asyncio.CancelledError:
            backlog.close()
            self._kill_lanes()
            raise

    async def stop(self) -> None:
        """Reject queued jobs and end every worker, within limits."""
        for job in self._backlog.close():
            job.emit("error", EngineFailed("The engine is stopping."))
        try:
            await self._hang_up()
        finally:
            # Without a thread, so that nothing that hangs can prevent it.
            self._kill_lanes()
        await self._stop_lanes()
        await asyncio.gather(*(asyncio.to_thread(t.join, 5) for t in self._threads))
        self._threads = []

    async def _hang_up(self) -> None:
        """Let the workers exit; a killed one leaves its semaphores behind."""
        for lane in self._lanes:
            lane.hang_up()
        ends_at = time.monotonic() + _GOODBYE_SECONDS
        while self.processes and time.monotonic() < ends_at:  # noqa: ASYNC110 - no event
            await asyncio.sleep(_GOODBYE_CHECK_SECONDS)

    def _kill_lanes(self) -> None:
        for lane in self._lanes:
            lane.kill()

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
    def size(self) -> int:
        return len(self._lanes)

    @property
    def restarts(self) -> int:
        """Number of worker restarts since the pool started."""
        return sum(runner.restarts for runner in self._runners)

    @property
    def oldest_job_seconds(self) -> float:
        """The longest time that a running job has produced nothing."""
        return max(lane.job_seconds for lane in self._lanes)

    @property
    def state(self) -> PartState:
        """DOWN if no worker is available, DEGRADED if one is dead or slow."""
        return pool_state(self._lanes) if self._threads else PartState.DOWN

    @property
    def description(self) -> str:
        """The state as a phrase for people, such as `1 of 2 workers alive`."""
        return describe(self._lanes)

    @property
    def memory_mb(self) -> list[float]:
        """Resident memory of each living worker process."""
        return [lane.memory_mb() for lane in self._lanes if lane.alive]

    async def call(
        self,
        request: Any,
        urgency: Priority | Urgency,
        batch_key: Hashable = None,
        cost: float = 1.0,
    ) -> Any:
        """The first item that the handler yields. Raises what `stream` raises.

        Calls with the same batch key may be worked on together.
        """
        stream = self.stream(request, urgency, batch_key, cost)
        try:
            async for item in stream:
                return item
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
        raise EngineFailed(f"The {self.name} worker returned no answer.")

    async def stream(
        self,
        request: Any,
        urgency: Priority | Urgency,
        batch_key: Hashable = None,
        cost: float = 1.0,
    ) -> AsyncIterator[Any]:
        """Every item that the handler yields. Leaving the loop cancels the work.

        The caller of the current task takes turns with others; a call that costs more
        than another counts for more turns.

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
        job = Job(
            urgency,
            next(self._numbers),
            request,
            emit,
            batch_key,
            caller=current_caller(),
            cost=cost,
        )
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
