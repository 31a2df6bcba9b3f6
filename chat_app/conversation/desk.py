"""Who may prepare a reply: work for committed turns goes before everything else."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol


class Prepared(Protocol):
    """A reply of some conversation."""

    def give_up(self) -> None:
        """Stop the work; its conversation asks again if the turn is committed."""


class ReplyDesk:
    """The replies of all conversations of this process that have no audio yet.

    At most `limit` run at once while one of them is speculative or stands beside a
    conversation: as many as the language model answers at the same time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._speculative: list[Prepared] = []
        self._committed: list[Prepared] = []
        self._beside: list[Prepared] = []
        self._queue: deque[asyncio.Future[None]] = deque()
        """Those beside conversations that wait."""

    def may_speculate(self) -> bool:
        """Whether there is room, and nobody waits for a reply."""
        begun = len(self._speculative) + len(self._beside)
        return not self._committed and not self._queue and begun < self._limit

    def begin(self, reply: Prepared, *, speculative: bool) -> None:
        """It runs from now on."""
        if speculative:
            self._speculative.append(reply)
        else:
            self._committed.append(reply)
            self._make_room()

    async def begin_beside(self, reply: Prepared) -> None:
        """Wait for a place in which no conversation is kept waiting; then it runs."""
        while self._running >= self._limit:
            waiter = asyncio.get_running_loop().create_future()
            self._queue.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self._queue:
                    self._queue.remove(waiter)
                else:
                    self._call_next()
                raise
        self._beside.append(reply)

    def commit(self, reply: Prepared) -> None:
        """Its turn is committed; it may have audio already."""
        if reply in self._speculative:
            self._speculative.remove(reply)
            self._committed.append(reply)
            self._make_room()

    def end(self, reply: Prepared) -> None:
        """It has audio, or is over."""
        for replies in (self._speculative, self._committed, self._beside):
            if reply in replies:
                replies.remove(reply)
        self._call_next()

    @property
    def _running(self) -> int:
        return len(self._speculative) + len(self._committed) + len(self._beside)

    def _make_room(self) -> None:
        for reply in self._speculative[: max(0, self._running - self._limit)]:
            self._speculative.remove(reply)
            reply.give_up()

    def _call_next(self) -> None:
        if self._queue and self._running < self._limit:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
