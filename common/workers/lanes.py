"""A lane is one worker: the protocol, and the lane that is a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

import psutil
import structlog

from common.errors import EngineFailed, VoiceError
from common.metrics import WORKER_HANGS
from common.workers.child import Cancelled, serve
from common.workers.child_processes import register, unregister
from common.workers.timeouts import JobTimeout, JobTimer

log = structlog.get_logger(__name__)

_SPAWN = multiprocessing.get_context("spawn")
_EXIT_SECONDS = 2.0
"""A killed process exits within milliseconds, unless a driver blocks it."""
_POLL_SECONDS = 0.05
_CHECKS_PER_LIMIT = 10
_LONGEST_CHECK_SECONDS = 1.0


def ignore_death() -> None:
    """The `on_death` of a lane that nobody watches."""


class WorkerDied(Exception):
    """The worker's process exited, could not be started, or was killed during a job."""


@dataclass(frozen=True)
class WorkerSpec:
    """Which handler a lane builds, and its time limits."""

    name: str
    handler: str
    arguments: tuple[Any, ...]
    start_timeout_seconds: float
    job_timeout: JobTimeout
    background: bool = False
    """Whether it gives way to usual processes; a thread cannot."""
    memory_limit_mb: int = 0
    """What a process may take besides that of its start; 0 is no limit."""


class Lane(Protocol):
    """One worker, used by one thread at a time."""

    on_death: Callable[[], None]
    """Called from a thread of its own when the worker's process has ended."""

    @property
    def pid(self) -> int | None: ...

    @property
    def alive(self) -> bool: ...

    @property
    def job_seconds(self) -> float:
        """Time since the job started or last produced an item; 0 without a job."""

    @property
    def limit_seconds(self) -> float:
        """The `job_seconds` at which a worker process is killed."""

    def start(self, still_wanted: Callable[[], bool]) -> dict[str, Any]:
        """Load, and return the handler's facts. Raises EngineFailed.

        A process created after `still_wanted` turned false is killed.
        """

    def run(self, request: Any, cancelled: Cancelled) -> Iterator[Any]:
        """The handler's items. Raises WorkerDied, or the handler's VoiceError."""

    def hang_up(self) -> None:
        """Tell the worker that nothing follows, so that it exits. Never blocks."""

    def kill(self) -> None:
        """Kill the worker without waiting for its exit. A running job gets WorkerDied."""

    def stop(self) -> None:
        """Kill the worker and wait for its exit, for a limited time."""

    def memory_mb(self) -> float: ...


class ProcessLane:
    """Runs the handler in a spawned process, connected by one pipe.

    Reading from and writing to the pipe block while the process hangs, so only the
    lane's own thread does either. Killing the process unblocks that thread.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._process: Any = None
        self._pipe: Connection | None = None
        self._loaded = False
        self._timer = JobTimer(time.monotonic)
        self._death_reason = ""
        self.limit_seconds = spec.job_timeout.limit_seconds(0)
        self.on_death: Callable[[], None] = ignore_death

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process else None

    @property
    def alive(self) -> bool:
        process = self._process
        return process is not None and self._loaded and process.is_alive()

    @property
    def job_seconds(self) -> float:
        return self._timer.seconds

    def start(self, still_wanted: Callable[[], bool]) -> dict[str, Any]:
        began = time.monotonic()
        process, pipe = self._spawn()
        self._death_reason = "its process ended"
        self._process, self._pipe = process, pipe
        if not still_wanted():
            # A `kill` that came before the process existed has missed it.
            self.kill()
        try:
            facts = self._wait_loaded(pipe)
        except VoiceError:
            self.stop()
            raise
        start_seconds = time.monotonic() - began
        self.limit_seconds = self._spec.job_timeout.limit_seconds(start_seconds)
        self._loaded = True
        watch = threading.Thread(target=self._watch, args=(process,), daemon=True)
        watch.start()
        return facts

    def _spawn(self) -> tuple[Any, Connection]:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=serve,
            args=(theirs, self._spec.handler, self._spec.arguments),
            kwargs={
                "background": self._spec.background,
                "memory_limit_mb": self._spec.memory_limit_mb,
            },
            name=f"{self._spec.name}-worker",
            daemon=True,
        )
        process.start()
        theirs.close()
        register(process)
        return process, ours

    def _watch(self, process: Any) -> None:
        """Wait for the exit of the process. Kill it if its job exceeds the limit."""
        seconds = min(self.limit_seconds / _CHECKS_PER_LIMIT, _LONGEST_CHECK_SECONDS)
        while not multiprocessing.connection.wait([process.sentinel], seconds):
            if self._process is process and self.job_seconds > self.limit_seconds:
                self._kill_hung()
        # The sentinel fires shortly before `is_alive` notices the exit.
        if self._process is process:
            self._loaded = False
        self.on_death()

    def _kill_hung(self) -> None:
        seconds = round(self.job_seconds, 1)
        self._death_reason = f"it produced nothing for {seconds:g} s"
        log.error("worker hangs", engine=self._spec.name, seconds=seconds)
        WORKER_HANGS.labels(self._spec.name).inc()
        self.kill()

    def _wait_loaded(self, ours: Connection) -> dict[str, Any]:
        try:
            if not ours.poll(self._spec.start_timeout_seconds):
                seconds = self._spec.start_timeout_seconds
                raise EngineFailed(
                    f"The {self._spec.name} worker did not load within {seconds:g} s."
                )
            kind, value = ours.recv()
        except (EOFError, OSError) as error:
            raise EngineFailed(
                f"The {self._spec.name} worker ended while it loaded."
            ) from error
        if kind == "error":
            raise value
        facts: dict[str, Any] = value
        return facts

    def run(self, request: Any, cancelled: Cancelled) -> Iterator[Any]:
        """See Lane. Raises WorkerDied without a live process, or the handler's error."""
        pipe = self._pipe
        if pipe is None:
            raise WorkerDied("it is not running")
        told = False
        self._timer.restart()
        try:
            pipe.send(("work", request))
            # `kill` removes the pipe.
            while pipe is self._pipe:
                if cancelled.is_set() and not told:
                    pipe.send(("cancel", None))
                    told = True
                if not pipe.poll(_POLL_SECONDS):
                    continue
                kind, value = pipe.recv()
                self._timer.restart()
                if kind == "item":
                    if not told:
                        yield value
                elif kind == "error":
                    raise value
                else:
                    return
        except (EOFError, OSError) as error:
            raise WorkerDied(self._death_reason) from error
        finally:
            self._timer.stop()
        raise WorkerDied(self._death_reason)

    def hang_up(self) -> None:
        pipe = self._pipe
        # A pipe of Windows cannot be closed in one direction; its process is killed.
        if pipe is not None and sys.platform != "win32":
            with (
                contextlib.suppress(OSError),
                socket.socket(fileno=os.dup(pipe.fileno())) as end,
            ):
                end.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        process = self._process
        # Not closed here, because the lane's thread may be reading from it.
        self._pipe = None
        self._loaded = False
        if process is not None:
            process.kill()

    def stop(self) -> None:
        self.kill()
        process, self._process = self._process, None
        if process is None:
            return
        process.join(_EXIT_SECONDS)
        if process.is_alive():
            log.error("worker does not exit", engine=self._spec.name, pid=process.pid)
        else:
            unregister(process)

    def memory_mb(self) -> float:
        pid = self.pid
        if pid is None:
            return 0.0
        try:
            return float(psutil.Process(pid).memory_info().rss) / 1e6
        except psutil.Error:
            return 0.0
