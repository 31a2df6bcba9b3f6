"""Where a Handler runs: a lane, and the one that is a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

import psutil
import structlog

from common.children import adopt, release
from common.errors import EngineFailed, VoiceError
from common.metrics import WORKER_HANGS
from common.workers.child import Cancelled, serve
from common.workers.patience import JobTimer, Patience

log = structlog.get_logger(__name__)

_SPAWN = multiprocessing.get_context("spawn")
_END_SECONDS = 2.0
"""A killed process is gone in milliseconds, unless a driver holds it."""
_LONGEST_LOOK_SECONDS = 1.0
_LOOKS = 10
"""An overdue job is noticed after at most this part of its time."""


def nobody() -> None:
    """Nobody wants to hear of a worker's end."""


def always() -> bool:
    return True


class WorkerDied(Exception):
    """The worker's process ended, could not be started, or was killed at a job."""


@dataclass(frozen=True)
class WorkerSpec:
    """Which handler a lane builds, and how long its loading may take."""

    name: str
    handler: str
    arguments: tuple[Any, ...]
    start_timeout_seconds: float
    patience: Patience
    background: bool = False
    """Whether it gives way to usual processes; a thread cannot."""


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
        """Since its job began, or last gave an item; 0 without a job."""

    @property
    def limit_seconds(self) -> float:
        """Where a worker in a process is killed because its job takes longer."""

    def start(self, wanted: Callable[[], bool] = always) -> dict[str, Any]:
        """Load, and return the handler's facts. Raises EngineFailed.

        It gives up when it is not `wanted` any more.
        """

    def run(self, request: Any, cancelled: Cancelled) -> Iterator[Any]:
        """The handler's items. Raises WorkerDied, or the handler's VoiceError."""

    def kill(self) -> None:
        """End it at once, without waiting. Its job raises WorkerDied."""

    def stop(self) -> None:
        """End it, and wait a moment until it has."""

    def memory_mb(self) -> float: ...


class ProcessLane:
    """Runs the handler in a spawned process, over one pipe.

    Reading and writing the pipe may block when the process hangs, so nobody does
    it but the one thread that uses the lane. Killing the process sets it free.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._process: Any = None
        self._pipe: Connection | None = None
        self._loaded = False
        self._timer = JobTimer(time.monotonic)
        self._last_words = ""
        self.limit_seconds = spec.patience.limit_seconds(0)
        self.on_death: Callable[[], None] = nobody

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

    def start(self, wanted: Callable[[], bool] = always) -> dict[str, Any]:
        began = time.monotonic()
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=serve,
            args=(theirs, self._spec.handler, self._spec.arguments),
            kwargs={"background": self._spec.background},
            name=f"{self._spec.name}-worker",
            daemon=True,
        )
        process.start()
        theirs.close()
        adopt(process)
        self._last_words = "its process ended"
        self._process, self._pipe = process, ours
        if not wanted():
            # Whoever ended all lanes may not have seen this process yet.
            self.kill()
        try:
            facts = self._wait_loaded(ours)
        except VoiceError:
            self.stop()
            raise
        self.limit_seconds = self._spec.patience.limit_seconds(time.monotonic() - began)
        self._loaded = True
        watch = threading.Thread(target=self._watch, args=(process,), daemon=True)
        watch.start()
        return facts

    def _watch(self, process: Any) -> None:
        """Until the process ends: kill it when its job is overdue."""
        look_seconds = min(self.limit_seconds / _LOOKS, _LONGEST_LOOK_SECONDS)
        while not multiprocessing.connection.wait([process.sentinel], look_seconds):
            if self._process is process and self._timer.seconds > self.limit_seconds:
                self._give_up()
        # The sentinel falls a moment before `is_alive` notices the end.
        if self._process is process:
            self._loaded = False
        self.on_death()

    def _give_up(self) -> None:
        seconds = round(self._timer.seconds, 1)
        self._last_words = f"it gave nothing for {seconds:g} s"
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
        pipe = self._pipe
        if pipe is None:
            raise WorkerDied("it is not running")
        told = False
        self._timer.restart()
        try:
            pipe.send(("work", request))
            # It is another one, or none, once the process was killed.
            while pipe is self._pipe:
                if cancelled.is_set() and not told:
                    pipe.send(("cancel", None))
                    told = True
                if not pipe.poll(0.05):
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
            raise WorkerDied(self._last_words) from error
        finally:
            self._timer.stop()
        raise WorkerDied(self._last_words)

    def kill(self) -> None:
        process = self._process
        # A thread may still read the pipe, so it is left to close by itself.
        self._pipe = None
        self._loaded = False
        if process is not None:
            process.kill()

    def stop(self) -> None:
        self.kill()
        process, self._process = self._process, None
        if process is None:
            return
        process.join(_END_SECONDS)
        if process.is_alive():
            log.error("worker does not end", engine=self._spec.name, pid=process.pid)
        else:
            release(process)

    def memory_mb(self) -> float:
        pid = self.pid
        if pid is None:
            return 0.0
        try:
            return float(psutil.Process(pid).memory_info().rss) / 1e6
        except psutil.Error:
            return 0.0
