"""Measures the delay of the event loop, which affects every connection."""

from __future__ import annotations

import asyncio

from common.metrics import LOOP_DELAY_SECONDS

PERIOD_SECONDS = 0.05


class LoopWatch:
    """Sets a timer twenty times a second and measures by how much it is late."""

    def __init__(self) -> None:
        self._worst_seconds = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PERIOD_SECONDS
            await asyncio.sleep(PERIOD_SECONDS)
            delay = max(0.0, loop.time() - due)
            LOOP_DELAY_SECONDS.observe(delay)
            self._worst_seconds = max(self._worst_seconds, delay)

    def take_worst(self) -> float:
        """The longest delay, in seconds, since the previous call."""
        worst, self._worst_seconds = self._worst_seconds, 0.0
        return worst
