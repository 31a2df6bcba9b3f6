"""Accepts new connections a few at a time, so that a burst delays nobody else.

A hundred handshakes that arrive together would be read, checked and answered in one turn
of the event loop each, and audio of everybody else would wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

PER_TURN = 4


class Arrivals:
    """Runs what connections begin with, PER_TURN of it in a turn of the event loop, in
    the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def enter(self, begin: Callable[[], None]) -> None:
        """Run it in one of the next turns."""
        self._waiting.append(begin)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        now = [
            self._waiting.popleft() for _ in range(min(PER_TURN, len(self._waiting)))
        ]
        # Before they run: one that fails must not hold up the rest.
        self._schedule()
        for begin in now:
            try:
                begin()
            except Exception as error:  # noqa: BLE001 - as Twisted does for each of its sockets
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a connection could not begin", "exception": error}
                )
