"""Events on their way out of a session, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from common.errors import VoiceError
from stt_app.core.events import SessionEvent

MAX_UNSENT_EVENTS = 256
"""With this many unread events, transcription pauses. A minute of lively speech
with interim results makes about as many."""


class Outbox:
    """Bounded by its producers: `offer` drops, `wait_for_capacity` waits, `put` does
    neither.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[SessionEvent | None] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._unread = False
        self._failure: VoiceError | None = None
        self._all_taken = asyncio.Event()

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, event: SessionEvent) -> None:
        """Queue it, unconditionally."""
        self._queue.put_nowait(event)

    def offer(self, event: SessionEvent) -> None:
        """Queue it, unless the client is too far behind."""
        if len(self) < MAX_UNSENT_EVENTS:
            self.put(event)

    async def wait_for_capacity(self) -> None:
        """Wait until the client has caught up, or is gone."""
        while len(self) >= MAX_UNSENT_EVENTS and not self._unread:
            self._taken.clear()
            await self._taken.wait()

    def give_up(self) -> None:
        """Nobody reads events any more, so nothing may wait for it."""
        self._unread = True
        self._taken.set()

    def fail(self, error: VoiceError) -> None:
        """The reader of events gets this error next, before unsent events."""
        self._failure = error
        self.end()

    def end(self) -> None:
        """Nothing follows."""
        self._queue.put_nowait(None)

    async def events(self) -> AsyncIterator[SessionEvent]:
        """Every event until the end. Raises the error of `fail`."""
        while (event := await self._queue.get()) is not None:
            self._taken.set()
            if self._failure is not None:
                break
            yield event
        self._all_taken.set()
        if self._failure is not None:
            raise self._failure

    async def all_taken(self) -> None:
        """Return when the last event has been read."""
        await self._all_taken.wait()
