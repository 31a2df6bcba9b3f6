"""A clock for tests of what takes time, which then take none."""

from __future__ import annotations


class StoppedClock:
    """Gives the same seconds, like `time.monotonic`, until it is moved on."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move_on(self, seconds: float) -> None:
        self.now += seconds
