"""A text that a client is still writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


class GrowingText:
    """Pieces go in as they are written, and are read in order."""

    def __init__(self, most_characters: int) -> None:
        """What is longer is dropped, after the first piece that exceeds the limit."""
        self._most_characters = most_characters
        self._length = 0
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._begun = asyncio.Event()
        self._wanted = True
        self._ended = False

    def add(self, piece: str) -> None:
        """The next piece; dropped when nobody reads any more."""
        if not piece or self._ended or not self._wanted:
            return
        if self._length > self._most_characters:
            return
        self._length += len(piece)
        self._pieces.put_nowait(piece)
        if piece.strip():
            self._begun.set()

    def end(self) -> None:
        """Nothing follows. Safe to call twice."""
        if self._ended:
            return
        self._ended = True
        self._pieces.put_nowait(None)
        self._begun.set()

    def drop(self) -> None:
        """Nobody reads any more."""
        self._wanted = False

    async def begun(self) -> None:
        """Return when there is something to say, or the text has ended."""
        await self._begun.wait()

    async def pieces(self) -> AsyncGenerator[str, None]:
        """Each piece as it comes, until the end."""
        try:
            while (piece := await self._pieces.get()) is not None:
                yield piece
        finally:
            self.drop()
