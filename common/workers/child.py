"""What runs in a worker's process: load a Handler, answer one request after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

import psutil

from common.engine import load_by_path
from common.errors import EngineFailed, VoiceError
from common.workers.heap import share_one_heap
from common.workers.memory_limit import limit_memory

_BACKGROUND_NICENESS = 10
"""A tenth of what usual processes get, where they compete for the processor."""


class _ParentGone(Exception):
    """The parent closed the pipe: nobody waits for an answer."""


class _Parent:
    """The child's end of the pipe. While work goes on it looks like an Event
    that is set once the parent has asked to cancel."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._cancelled = False

    def receive(self) -> tuple[str, Any]:
        try:
            kind, value = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _ParentGone from error
        self._cancelled = kind == "cancel"
        return kind, value

    def send(self, kind: str, value: Any = None) -> None:
        try:
            self._pipe.send((kind, value))
        except OSError as error:
            raise _ParentGone from error

    def is_set(self) -> bool:
        while not self._cancelled and self._pipe.poll():
            self.receive()
        return self._cancelled


@dataclass(frozen=True, eq=False)
class Batch:
    """Several requests for a handler that works on them together."""

    requests: list[Any]


class Cancelled(Protocol):
    """Says whether anybody still waits for an answer; an Event does."""

    def is_set(self) -> bool: ...


def work_on(handler: Any, request: Any) -> Iterator[Any]:
    """The handler's items; of a batch, its pairs of number and item."""
    items: Iterator[Any] = (
        handler.handle_batch(request.requests)
        if isinstance(request, Batch)
        else handler.handle(request)
    )
    return items


def serve(
    pipe: Connection,
    path: str,
    arguments: tuple[Any, ...],
    *,
    background: bool = False,
    memory_limit_mb: int = 0,
) -> None:
    """The worker process: load, then answer one request after the other.

    One in the background gets little time while others want it.
    """
    # Ctrl-C reaches the whole foreground group, and a service manager's SIGTERM
    # every process; only the parent decides the end, when all work is finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    share_one_heap()
    if background:
        _give_way()
    if memory_limit_mb:
        limit_memory(memory_limit_mb)
    name, parent = path.rpartition(":")[2], _Parent(pipe)
    with contextlib.suppress(_ParentGone):
        try:
            handler = load_by_path(path)(*arguments)
            facts = handler.load()
        except Exception as error:  # noqa: BLE001 - the edge of a worker
            parent.send("error", failed(name, error))
            return
        parent.send("ready", facts)
        while True:
            kind, request = parent.receive()
            if kind == "work":
                _answer(parent, name, handler, request)


def _give_way() -> None:
    """To usual processes of the operating system."""
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(_BACKGROUND_NICENESS)


def _answer(parent: _Parent, name: str, handler: Any, request: Any) -> None:
    try:
        for item in until_cancelled(work_on(handler, request), parent):
            parent.send("item", item)
    except _ParentGone:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a worker
        parent.send("error", failed(name, error))
    else:
        parent.send("end")


def until_cancelled(items: Iterator[Any], cancelled: Cancelled) -> Iterator[Any]:
    """The items until somebody cancels; closing the iterator ends the work."""
    try:
        for item in items:
            if cancelled.is_set():
                return
            yield item
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


def failed(name: str, error: Exception) -> VoiceError:
    """The error as one that survives the pipe; ours pass as they are."""
    if isinstance(error, VoiceError):
        return error
    return EngineFailed(f"{name} failed: {type(error).__name__}: {error}")
