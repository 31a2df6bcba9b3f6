"""Asks one part of the server how it is, without blocking the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from common.engine import PartHealth, PartState

TIMEOUT_SECONDS = 1.0
CACHE_SECONDS = 2.0


class Probe:
    """One check at a time, with a timeout of a second; the answer is cached."""

    def __init__(
        self,
        name: str,
        ask: Callable[[], Awaitable[PartHealth]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._ask = ask
        self._clock = clock
        self._task: asyncio.Task[PartHealth] | None = None
        self._answer: PartHealth | None = None
        self._answered = 0.0

    async def health(self, max_age_seconds: float = CACHE_SECONDS) -> PartHealth:
        """The last answer, or a new one if that is older."""
        fresh = self._clock() - self._answered < max_age_seconds
        if self._answer is not None and fresh:
            return self._answer
        self._answer = await self._ask_with_timeout()
        self._answered = self._clock()
        return self._answer

    async def _ask_with_timeout(self) -> PartHealth:
        # A check that hangs is not repeated: checks would pile up.
        if (
            self._task is None
            or self._task.get_loop() is not asyncio.get_running_loop()
        ):
            self._task = asyncio.ensure_future(self._ask())
        task = self._task
        done, _ = await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)
        if not done:
            return PartHealth(
                PartState.DOWN,
                f"The {self._name} did not answer within {TIMEOUT_SECONDS:g} s",
            )
        self._task = None
        return task.result()
