"""Where a Handler runs: in a process of its own, or in a thread for debugging."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

import psutil

from common.engine import load_by_path
from common.errors import EngineFailed, VoiceError
from common.workers.child import (
    Cancelled,
    failed,
    serve,
    until_cancelled,
    work_on,
)

_SPAWN = multiprocessing.get_context("spawn")
_STOP_SECONDS = 2.0


def _nobody() -> None:
    """Nobody wants to hear of a worker's end."""


class WorkerDied(Exception):
    """The worker's process ended, or could not be started."""


@dataclass(frozen=True)
class WorkerSpec:
    """Which handler a lane builds, and how long its loading may take."""

    name: str
    handler: str
    arguments: tuple[Any, ...]
    start_timeout_seconds: float
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

    def start(self) -> dict[str, Any]:
        """Load, and return the handler's facts. Raises EngineFailed."""

    def run(self, request: Any, cancelled: Cancelled) -> Iterator[Any]:
        """The handler's items. Raises WorkerDied, or the handler's VoiceError."""

    def stop(self) -> None: ...

    def memory_mb(self) -> float: ...


class ThreadLane:
    """Runs the handler in the caller's thread: one process, easy to debug."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._handler: Any = None
        self.on_death: Callable[[], None] = _nobody

    @property
    def pid(self) -> int | None:
        return os.getpid()

    @property
    def alive(self) -> bool:
        return self._handler is not None

    def start(self) -> dict[str, Any]:
        """See Lane. Raises EngineFailed when the handler does not load."""
        handler = load_by_path(self._spec.handler)(*self._spec.arguments)
        try:
            facts: dict[str, Any] = handler.load()
        except Exception as error:
            raise failed(self._spec.name, error) from error
        self._handler = handler
        return facts

    def run(self, request: Any, cancelled: Cancelled) -> Iterator[Any]:
        """See Lane. Raises WorkerDied without `start`, VoiceError, or EngineFailed."""
        if self._handler is None:
            raise WorkerDied("it is not running")
        try:
            yield from until_cancelled(work_on(self._handler, request), cancelled)
        except VoiceError:
            raise
        except Exception as error:
            raise failed(self._spec.name, error) from error

    def stop(self) -> None:
        self._handler = None

    def memory_mb(self) -> float:
        return 0.0


class ProcessLane:
    """Runs the handler in a spawned process, connected by one pipe."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._process: Any = None
        self._pipe: Connection | None = None
        self._loaded = False
        self.on_death: Callable[[], None] = _nobody

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process else None

    @property
    def alive(self) -> bool:
        process = self._process
        return process is not None and self._loaded and process.is_alive()

    def start(self) -> dict[str, Any]:
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
        self._process, self._pipe = process, ours
        # The worker ignores SIGTERM, which is how multiprocessing would end it.
        atexit.register(process.kill)
        facts = self._wait_loaded(ours)
        self._loaded = True
        watch = threading.Thread(target=self._watch, args=(process,), daemon=True)
        watch.start()
        return facts

    def _watch(self, process: Any) -> None:
        multiprocessing.connection.wait([process.sentinel])
        # The sentinel fires shortly before `is_alive` notices the exit.
        if self._process is process:
            self._loaded = False
        self.on_death()

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
                f"The {self._spec.name} worker exited while loading."
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
        try:
            pipe.send(("work", request))
            while True:
                if cancelled.is_set() and not told:
                    pipe.send(("cancel", None))
                    told = True
                if not pipe.poll(0.05):
                    continue
                kind, value = pipe.recv()
                if kind == "item":
                    if not told:
                        yield value
                elif kind == "error":
                    raise value
                else:
                    return
        except (EOFError, OSError) as error:
            raise WorkerDied("its process ended") from error

    def stop(self) -> None:
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        self._loaded = False
        # A thread may still read the pipe, so it is left to close by itself.
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.send(("stop", None))
        if process is not None:
            process.join(_STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            atexit.unregister(process.kill)

    def memory_mb(self) -> float:
        pid = self.pid
        if pid is None:
            return 0.0
        try:
            return float(psutil.Process(pid).memory_info().rss) / 1e6
        except psutil.Error:
            return 0.0
