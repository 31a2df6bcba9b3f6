"""The time limits of connections: total and idle."""

from __future__ import annotations

import math
from collections.abc import Callable

from common.errors import IdleTimeout, SessionExpired
from gateway_app.sockets.clock import SYSTEM_CLOCK, Clock

WARNING_SECONDS = 60.0


class Lifetime:
    """The time limits of one connection."""

    def __init__(
        self,
        idle_seconds: float,
        session_seconds: float,
        clock: Clock = SYSTEM_CLOCK,
        first_seconds: float = math.inf,
    ) -> None:
        """`first_seconds` is the idle timeout until the first message."""
        self._usual_idle_seconds = idle_seconds
        idle_seconds = min(first_seconds, idle_seconds)
        self._idle_seconds = idle_seconds
        self._session_seconds = session_seconds
        self._clock = clock
        self._ends_at = clock() + session_seconds
        self._heard_at = clock()
        self._warned = False

    @property
    def limited(self) -> bool:
        return math.isfinite(min(self._idle_seconds, self._session_seconds))

    def touch(self) -> None:
        """The client has sent something."""
        self._idle_seconds = self._usual_idle_seconds
        self._heard_at = self._clock()

    async def watch(self, warn: Callable[[float], None]) -> None:
        """Runs until the connection must end. Raises IdleTimeout or SessionExpired.

        Calls `warn` once, before the time limit, with the remaining seconds.
        """
        while True:
            self._check(warn)
            await self._clock.sleep(max(0.0, self._next_check() - self._clock()))

    def _check(self, warn: Callable[[float], None]) -> None:
        now = self._clock()
        if now >= self._ends_at:
            raise SessionExpired(
                f"A connection may last {self._session_seconds:g} s. Connect anew."
            )
        if now >= self._heard_at + self._idle_seconds:
            raise IdleTimeout(
                f"Nothing came for {self._idle_seconds:g} s. Send audio, or `keepalive`."
            )
        if now >= self._ends_at - WARNING_SECONDS and not self._warned:
            self._warned = True
            warn(round(self._ends_at - now, 1))

    def _next_check(self) -> float:
        warning = [] if self._warned else [self._ends_at - WARNING_SECONDS]
        return min(self._ends_at, self._heard_at + self._idle_seconds, *warning)
