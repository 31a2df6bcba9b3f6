"""SIGTERM, Ctrl-C, or a closed terminal: the first asks for an orderly end, the second
ends at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from common.workers.child_processes import kill_all

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGBREAK", "SIGHUP")
    if hasattr(signal, name)
]


class StopSignal:
    """Set by a signal, or when the supervisor that holds our input goes away.

    `on_stop` is called at that moment, in a signal handler or in another thread.
    """

    def __init__(self, on_stop: Callable[[], None]) -> None:
        self._on_stop = on_stop
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        for number in _SIGNALS:
            # `nohup` has SIGHUP ignored, and means it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._received)

    async def wait(self) -> None:
        await self._event.wait()

    def is_set(self) -> bool:
        return self._event.is_set()

    def watch_input(self) -> None:
        """Stop when standard input ends, so that no process outlives its supervisor."""
        threading.Thread(target=self._read_to_end, daemon=True).start()

    def _read_to_end(self) -> None:
        while os.read(sys.stdin.fileno(), 1_024):
            pass
        self._on_stop()
        self._loop.call_soon_threadsafe(self._event.set)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            kill_all()
            os._exit(128 + number)
        self._event.set()
        self._on_stop()
        # Wakes the loop, which may be asleep in select.
        self._loop.call_soon_threadsafe(lambda: None)
