"""Ends a process whose shutdown hangs."""

from __future__ import annotations

import faulthandler
import os
import queue
import threading
from collections.abc import Callable

import structlog

from common.workers.child_processes import kill_all

log = structlog.get_logger(__name__)

EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h: an internal error."""


def exit_at_once() -> None:
    """Write the stack of every thread to standard error, kill all children and exit."""
    try:
        faulthandler.dump_traceback()
        kill_all()
    finally:
        os._exit(EXIT_CODE)


class ShutdownWatchdog:
    """Ends the process if it still runs after the time that it was given.

    It uses its own thread, so it works whatever hangs: the event loop, a thread that
    Python joins at exit, or a driver.
    """

    def __init__(self, expired: Callable[[], None] = exit_at_once) -> None:
        self._expired = expired
        self._limits: queue.SimpleQueue[float] = queue.SimpleQueue()
        thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        thread.start()

    def exit_within(self, seconds: float) -> None:
        """Start the countdown, or restart it. Safe to call in a signal handler."""
        self._limits.put(seconds)

    def _run(self) -> None:
        seconds: float | None = None
        while True:
            try:
                seconds = self._limits.get(timeout=seconds)
            except queue.Empty:
                log.error("shutdown hangs, exiting", after_seconds=seconds)
                self._expired()
                return
