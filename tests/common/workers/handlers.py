"""Handlers for the tests of the worker pool; they are built inside the workers."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.errors import BadValue, EngineFailed
from tests.common.workers.heaps import thread_heaps


def _broken(error: Exception) -> list[Any]:
    raise error


def _freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


class Echo:
    """Answers with what a request asks for: see `handle`."""

    def __init__(self, greeting: str = "hello") -> None:
        self._greeting = greeting
        self._ballast: list[bytes] = []

    def load(self) -> dict[str, Any]:
        return {"greeting": self._greeting}

    def handle(self, request: Any) -> Iterator[Any]:
        """("say", x) | ("pid",) | ("hold", ...) | ("count", n, s, file) | ..."""
        kind, *values = request
        yield from getattr(self, kind)(*values)

    def say(self, value: Any) -> Iterator[Any]:
        yield value

    def pid(self) -> Iterator[int]:
        yield os.getpid()

    def hold(self, began: str, released: str, value: Any) -> Iterator[Any]:
        """Says that it has begun, and answers once it is released, by two files."""
        Path(began).touch()
        while not Path(released).exists():
            time.sleep(0.01)
        yield value

    def count(self, numbers: int, seconds: float, log: str) -> Iterator[int]:
        """Counts slowly, and writes down how far it came."""
        try:
            for number in range(numbers):
                time.sleep(seconds)
                yield number
        finally:
            Path(log).write_text(str(number))

    def die_once(self, marker: str) -> Iterator[str]:
        """Crashes the process the first time, answers the second time."""
        if not Path(marker).exists():
            Path(marker).touch()
            os.abort()
        yield "second try"

    def always_die(self, marker: str) -> Iterator[str]:
        with Path(marker).open("a") as log:
            log.write("x")
        yield os.abort()

    def die_after_one(self) -> Iterator[str]:
        yield "one"
        time.sleep(0.2)
        os.abort()

    def freeze(self) -> Iterator[str]:
        """Stops the process, so that only SIGKILL ends it."""
        _freeze()
        yield "thawed"

    def freeze_once(self, marker: str) -> Iterator[str]:
        """Stops the process the first time, answers the second time."""
        if not Path(marker).exists():
            Path(marker).touch()
            _freeze()
        yield "second try"

    def freeze_in_mid_answer(self, marker: str, megabytes: int) -> Iterator[bytes]:
        """Stops the process the first time, while it sends its answer."""
        if not Path(marker).exists():
            Path(marker).touch()
            threading.Timer(0.05, _freeze).start()
        yield bytes(megabytes * 1_000_000)

    def freeze_after_one(self) -> Iterator[str]:
        yield "one"
        _freeze()

    def refuse(self) -> Iterator[Any]:
        yield from _broken(BadValue("Not this.", field="that"))

    def fail(self) -> Iterator[Any]:
        yield from _broken(ZeroDivisionError("oh"))

    def nothing(self) -> Iterator[Any]:
        yield from ()

    def grow(self, megabytes: int) -> Iterator[int]:
        self._ballast.append(os.urandom(1_000_000) * megabytes)
        yield os.getpid()


class NeverLoads:
    """A handler whose model is missing."""

    def load(self) -> dict[str, Any]:
        raise EngineFailed("The model is missing. Run `mend it`.")

    def handle(self, request: Any) -> Iterator[Any]:
        yield request


class LoadsOnce:
    """Loads while a file exists; later starts fail."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def load(self) -> dict[str, Any]:
        if not self._path.exists():
            raise EngineFailed("The model is gone.")
        return {}

    def handle(self, request: Any) -> Iterator[Any]:
        yield request


class LoadsSlowly:
    """Takes longer to load than anybody waits."""

    def load(self) -> dict[str, Any]:
        time.sleep(30)
        return {}

    def handle(self, request: Any) -> Iterator[Any]:
        yield request


class Batched(Echo):
    """Works on several requests at once; each answer is (value, batch size)."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self._batch_size = batch_size

    def load(self) -> dict[str, Any]:
        return {"batch_size": self._batch_size}

    def handle_batch(self, requests: list[Any]) -> Iterator[tuple[int, Any]]:
        for number, request in enumerate(requests):
            for item in self.handle(request):
                yield number, (item, len(requests))


class Heaps(Echo):
    """Answers with how many heaps its threads have."""

    def handle(self, request: Any) -> Iterator[Any]:
        yield thread_heaps()


class Tidy(Echo):
    """Writes a file when its process exits in order; a killed one does not."""

    def __init__(self, note: str) -> None:
        super().__init__()
        atexit.register(Path(note).touch)
