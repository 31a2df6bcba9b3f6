"""The end of a process that does not come to its end by itself."""

from __future__ import annotations

import faulthandler
import os
import queue
import threading
from collections.abc import Callable

import structlog

from common.children import kill_all

log = structlog.get_logger(__name__)

EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h: the program itself is at fault."""


def end_now() -> None:
    """Say where every thread is, then end: without waiting, and without children."""
    try:
        faulthandler.dump_traceback()
        kill_all()
    finally:
        os._exit(EXIT_CODE)


class LastResort:
    """Ends the process when it is still there after the time that it was given.

    A thread of its own does it, so it works whatever hangs: the event loop, a
    thread that Python would wait for at exit, or a driver.
    """

    def __init__(self, end: Callable[[], None] = end_now) -> None:
        self._end = end
        self._times: queue.SimpleQueue[float] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="last resort", daemon=True).start()

    def within(self, seconds: float) -> None:
        """Allow so much time from now on. May be called by a signal handler."""
        self._times.put(seconds)

    def _run(self) -> None:
        seconds: float | None = None
        while True:
            try:
                seconds = self._times.get(timeout=seconds)
            except queue.Empty:
                log.error("process does not end by itself", after_seconds=seconds)
                self._end()
                return
