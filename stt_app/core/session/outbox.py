"""Messages on their way to the client, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from stt_app.core.messages import ServerMessage

MAX_UNSENT_MESSAGES = 256
"""With so many messages that nobody takes, transcribing waits."""


class Outbox:
    """Bounded by whoever fills it: `offer` drops, `room` waits, `put` does neither."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[ServerMessage | None] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._unread = False
        self._all_taken = asyncio.Event()

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, message: ServerMessage) -> None:
        """Send it, whatever happens."""
        self._queue.put_nowait(message)

    def offer(self, message: ServerMessage) -> None:
        """Send it, unless the client is so far behind that it would not help."""
        if len(self) < MAX_UNSENT_MESSAGES:
            self.put(message)

    async def room(self) -> None:
        """Wait until the client has caught up, or has gone."""
        while len(self) >= MAX_UNSENT_MESSAGES and not self._unread:
            self._taken.clear()
            await self._taken.wait()

    def give_up(self) -> None:
        """Nobody takes messages any more, so nothing may wait for that."""
        self._unread = True
        self._taken.set()

    def end(self) -> None:
        """Nothing follows."""
        self._queue.put_nowait(None)

    async def messages(self) -> AsyncIterator[ServerMessage]:
        """Every message until the end."""
        while (message := await self._queue.get()) is not None:
            self._taken.set()
            yield message
        self._all_taken.set()

    async def all_taken(self) -> None:
        """Return when the last message was taken."""
        await self._all_taken.wait()
