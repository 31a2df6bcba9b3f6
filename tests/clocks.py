"""A clock for tests of what takes time, which then take none."""

from __future__ import annotations

import asyncio


class StoppedClock:
    """Gives the same seconds, like `time.monotonic`, until it is moved on."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move_on(self, seconds: float) -> None:
        self.now += seconds


class TurnedClock(StoppedClock):
    """A stopped clock that others may sleep by: moving it on wakes them."""

    def __init__(self, now: float = 1_000.0) -> None:
        super().__init__(now)
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.Event()
        self._sleeping.append((self.now + seconds, wake))
        self._wake_up()
        await wake.wait()

    async def turn(self, seconds: float) -> None:
        """Move it on, and let those who wake up do what they have to do."""
        self.move_on(seconds)
        self._wake_up()
        for _ in range(20):
            await asyncio.sleep(0)

    def _wake_up(self) -> None:
        for entry in list(self._sleeping):
            if entry[0] <= self.now:
                self._sleeping.remove(entry)
                entry[1].set()
