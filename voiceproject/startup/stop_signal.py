"""SIGTERM and Ctrl-C: the first asks for an orderly end, the second ends at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from types import FrameType

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGBREAK")
    if hasattr(signal, name)
]


class StopSignal:
    """Set by a signal, or when the supervisor that holds our input goes away."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        for number in _SIGNALS:
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
        self._loop.call_soon_threadsafe(self._event.set)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            os._exit(128 + number)
        self._event.set()
        # Wakes the loop, which may be asleep in select.
        self._loop.call_soon_threadsafe(lambda: None)
