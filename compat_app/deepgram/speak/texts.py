"""The texts of one `/v1/speak` connection, from the first piece to `Flush`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from enum import Enum

from common.errors import TooLarge, TooMany

MOST_WAITING = 20
"""Texts that may wait behind the one that is spoken. The Deepgram API takes as many
`Flush` messages a minute."""


class Answer(Enum):
    """What follows a text."""

    FLUSHED = "flushed"
    CLEARED = "cleared"


class WrittenText:
    """One text, spoken while it is written."""

    def __init__(self, longest: int) -> None:
        self.characters = 0
        self._longest = longest
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()

    def add(self, piece: str) -> None:
        """Append a piece. Raises TooLarge, and leaves the piece out."""
        if self.characters + len(piece) > self._longest:
            raise TooLarge(
                f"A text may have at most {self._longest} characters until `Flush` "
                "(`tts_max_text_length`).",
                field="text",
            )
        self.characters += len(piece)
        self._pieces.put_nowait(piece)

    def end(self) -> None:
        """It is complete."""
        self._pieces.put_nowait(None)

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The pieces as they come, to the end."""
        while (piece := await self._pieces.get()) is not None:
            yield piece


class WrittenTexts:
    """The texts in order, each followed by its answer."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._items: deque[WrittenText | Answer] = deque()
        self._open: WrittenText | None = None
        self._ended = False
        self._changed = asyncio.Event()

    def add(self, piece: str) -> None:
        """Continue the open text. Raises TooLarge or TooMany, and drops the piece."""
        if not piece or self._ended:
            return
        if self._open is None:
            self._check_room()
            self._open = WrittenText(self._longest)
            self._put(self._open)
        self._open.add(piece)

    def flush(self) -> None:
        """The open text is complete. Raises TooMany."""
        if self._open is None:
            self._check_room()
        self._close_open()
        self._put(Answer.FLUSHED)

    def clear(self) -> None:
        """Drop all texts; what is being spoken must be stopped as well.

        Raises TooMany.
        """
        self._close_open()
        # Each is answered, also those before.
        kept = [item for item in self._items if item is Answer.CLEARED]
        self._items = deque(kept)
        self._check_room()
        self._put(Answer.CLEARED)

    def end(self) -> None:
        """Nothing follows."""
        self._close_open()
        self._ended = True
        self._changed.set()

    async def next(self) -> WrittenText | Answer | None:
        """The next text, or what answers the one before; None at the end."""
        while not self._items:
            if self._ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()

    def _put(self, item: WrittenText | Answer) -> None:
        self._items.append(item)
        self._changed.set()

    def _close_open(self) -> None:
        if self._open is not None:
            self._open.end()
            self._open = None

    def _check_room(self) -> None:
        if len(self._items) >= 2 * MOST_WAITING:
            raise TooMany(f"At most {MOST_WAITING} texts may wait to be spoken.")
