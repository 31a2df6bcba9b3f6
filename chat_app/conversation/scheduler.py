"""Schedules the work of the language model: replies to committed turns go first."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol


class ScheduledWork(Protocol):
    """A reply or summary of some conversation."""

    def give_up(self) -> None:
        """Stop; the conversation asks again if its turn is committed."""


class ReplyScheduler:
    """Schedules the replies of all conversations of this process until they have audio.

    Replies to committed turns always run. Speculative and out-of-band ones run only while
    there are fewer than `limit`, the number of requests that the language model answers at
    the same time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._speculative: list[ScheduledWork] = []
        self._committed: list[ScheduledWork] = []
        self._out_of_band: list[ScheduledWork] = []
        self._queue: deque[asyncio.Future[None]] = deque()
        """Out-of-band responses that wait."""

    def may_speculate(self) -> bool:
        """Whether there is capacity left, and nobody waits for a reply."""
        begun = len(self._speculative) + len(self._out_of_band)
        return not self._committed and not self._queue and begun < self._limit

    def begin(self, reply: ScheduledWork, *, speculative: bool) -> None:
        """Run a reply from now on, and stop a speculative one if there are too many."""
        if speculative:
            self._speculative.append(reply)
        else:
            self._committed.append(reply)
            self._make_room()

    async def begin_out_of_band(self, reply: ScheduledWork) -> None:
        """Wait for capacity that no conversation needs; then the response runs."""
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
        self._out_of_band.append(reply)

    def commit(self, reply: ScheduledWork) -> None:
        """Raise a speculative reply whose turn is committed; it may have audio already."""
        if reply in self._speculative:
            self._speculative.remove(reply)
            self._committed.append(reply)
            self._make_room()

    def end(self, reply: ScheduledWork) -> None:
        """The reply has audio, or is over."""
        for replies in (self._speculative, self._committed, self._out_of_band):
            if reply in replies:
                replies.remove(reply)
        self._call_next()

    @property
    def _running(self) -> int:
        return len(self._speculative) + len(self._committed) + len(self._out_of_band)

    def _make_room(self) -> None:
        for reply in self._speculative[: max(0, self._running - self._limit)]:
            self._speculative.remove(reply)
            reply.give_up()

    def _call_next(self) -> None:
        if self._queue and self._running < self._limit:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
