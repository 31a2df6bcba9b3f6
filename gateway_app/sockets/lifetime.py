"""How long a connection may last, and how long it may be silent."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from common.errors import IdleTimeout, SessionExpired

WARNING_SECONDS = 60.0


class Lifetime:
    """The clock of one connection."""

    def __init__(
        self,
        idle_seconds: float,
        longest_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle_seconds = idle_seconds
        self._longest_seconds = longest_seconds
        self._clock = clock
        self._ends_at = clock() + longest_seconds
        self._heard_at = clock()
        self._warned = False

    @property
    def limited(self) -> bool:
        return math.isfinite(min(self._idle_seconds, self._longest_seconds))

    def touch(self) -> None:
        """Something came from the client."""
        self._heard_at = self._clock()

    async def watch(self, warn: Callable[[float], None]) -> None:
        """Runs until the connection must end. Raises IdleTimeout or SessionExpired.

        `warn` is told the seconds that are left, once, before the longest time is over.
        """
        while True:
            self._look(warn)
            await asyncio.sleep(max(0.0, self._next_look() - self._clock()))

    def _look(self, warn: Callable[[float], None]) -> None:
        now = self._clock()
        if now >= self._ends_at:
            raise SessionExpired(
                f"A connection may last {self._longest_seconds:g} s. Connect anew."
            )
        if now >= self._heard_at + self._idle_seconds:
            raise IdleTimeout(
                f"Nothing came for {self._idle_seconds:g} s. Send audio, or `keepalive`."
            )
        if now >= self._ends_at - WARNING_SECONDS and not self._warned:
            self._warned = True
            warn(round(self._ends_at - now, 1))

    def _next_look(self) -> float:
        warning = [] if self._warned else [self._ends_at - WARNING_SECONDS]
        return min(self._ends_at, self._heard_at + self._idle_seconds, *warning)
