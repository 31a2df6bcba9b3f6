"""Admission: a few requests at a time, and a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.errors import TooMany, Unavailable
from common.workers.turns import Caller, Turns, crowds_out, current_caller


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A request in the queue."""

    turn: asyncio.Future[None]
    caller: Caller


class Admission:
    """Callers take turns; the requests of one caller are served in order."""

    def __init__(self, limit: int, queue_limit: int) -> None:
        self._limit = limit
        self._queue_limit = queue_limit
        self._queue: list[_Waiting] = []
        self._turns = Turns()
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
        caller = current_caller()
        if self.running < self._limit:
            self.running += 1
            self._turns.serve(caller)
            return
        if len(self._queue) >= self._queue_limit:
            self._make_room(caller)
        waiting = _Waiting(asyncio.get_running_loop().create_future(), caller)
        self._queue.append(waiting)
        try:
            await asyncio.wait_for(asyncio.shield(waiting.turn), timeout_seconds)
        except TooMany:
            raise
        except BaseException as error:
            self._give_up(waiting)
            if isinstance(error, asyncio.TimeoutError):
                raise Unavailable(
                    f"No slot became free within {timeout_seconds:g} s "
                    "(`tts_request_timeout`).",
                    retry_after_seconds=5,
                ) from error
            raise

    def _make_room(self, newcomer: Caller) -> None:
        """Refuse the last request of whoever has most in the queue. Raises TooMany if
        that is the newcomer."""
        error = TooMany(
            f"{self._limit} requests are running and {self._queue_limit} are "
            "queued (`tts_max_concurrent`, `tts_queue_limit`).",
            retry_after_seconds=1 + self.waiting // self._limit,
        )
        greediest = crowds_out((each.caller for each in self._queue), newcomer)
        if greediest is None:
            raise error
        last = [each for each in self._queue if each.caller == greediest][-1]
        self._queue.remove(last)
        last.turn.set_exception(error)

    def _give_up(self, waiting: _Waiting) -> None:
        if waiting in self._queue:
            self._queue.remove(waiting)
            waiting.turn.cancel()
        elif waiting.turn.exception() is None:
            # The slot was granted during the cancellation: pass it on.
            self._leave()

    def _leave(self) -> None:
        if not self._queue:
            self.running -= 1
            self._turns.rest()
            return
        # The first of those whose caller is next: `min` keeps the order.
        following = min(self._queue, key=lambda each: self._turns.order(each.caller))
        self._queue.remove(following)
        self._turns.serve(following.caller)
        following.turn.set_result(None)
