"""Admission: a few requests at a time, and a bounded queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.errors import TooMany, Unavailable


class Admission:
    """First come, first served."""

    def __init__(self, limit: int, queue_limit: int) -> None:
        self._limit = limit
        self._queue_limit = queue_limit
        self._queue: deque[asyncio.Future[None]] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @asynccontextmanager
    async def place(self, timeout_seconds: float) -> AsyncIterator[None]:
        """Acquire a slot. Raises TooMany if the queue is full, Unavailable on
        timeout."""
        await self._enter(timeout_seconds)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, timeout_seconds: float) -> None:
        if self.running < self._limit:
            self.running += 1
            return
        if len(self._queue) >= self._queue_limit:
            raise TooMany(
                f"{self._limit} requests are running and {self._queue_limit} are "
                "queued (`tts_max_concurrent`, `tts_queue_limit`).",
                retry_after_seconds=1 + self.waiting // self._limit,
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await asyncio.wait_for(asyncio.shield(turn), timeout_seconds)
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, asyncio.TimeoutError):
                raise Unavailable(
                    f"No slot became free within {timeout_seconds:g} s "
                    "(`tts_request_timeout`).",
                    retry_after_seconds=5,
                ) from error
            raise

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.done():
            # The slot was granted during the cancellation: pass it on.
            self._leave()
        else:
            self._queue.remove(turn)
            turn.cancel()

    def _leave(self) -> None:
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self.running -= 1
