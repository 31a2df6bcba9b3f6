"""The language model reads the conversation while the user still speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from llm.engine import ChatMessage, LlmEngine, ReplyOptions

LONGEST_WAIT_SECONDS = 0.5
"""A reply does not wait longer for the model to finish reading."""
MORE_WORDS = 3
"""New words that are worth reading before the next ones come."""
_UNSTABLE_WORDS = 1
"""The last word of a caption may be half a word, or get a full stop that goes away."""


Messages = Callable[[str], Sequence[ChatMessage]]
"""The conversation, with a text of the user as its last message unless it is empty."""


class ReadAhead:
    """Has the model read the beginning of the next question, so that only the end is
    new when the question is complete. It reads one thing at a time."""

    def __init__(self, llm: LlmEngine, may_read: Callable[[], bool]) -> None:
        """`may_read` says whether nobody waits for a reply of the model."""
        self._llm = llm
        self._may_read = may_read
        self._reading: asyncio.Task[None] | None = None
        self._words = 0
        """Of the open turn, read so far."""
        self._messages: Messages | None = None
        self._options = ReplyOptions()

    def begin(self, messages: Messages, options: ReplyOptions) -> None:
        """A turn begins: read what was said before it, with the model and the tools of
        the options."""
        self._words, self._messages, self._options = 0, messages, options
        self._read(messages(""))

    def hear(self, caption: str) -> None:
        """Read what is new in the turn's caption, if it is worth it by now."""
        words = caption.split()[:-_UNSTABLE_WORDS]
        if self._is_reading or len(words) < self._words + MORE_WORDS:
            return
        if self._messages is not None and self._may_read():
            self._words = len(words)
            self._read(self._messages(" ".join(words)))

    async def settled(self) -> None:
        """Return when nothing is being read: only then the model knows what it has read.

        Reading that takes too long is given up.
        """
        if self._reading is not None and self._is_reading:
            done, _ = await asyncio.wait([self._reading], timeout=LONGEST_WAIT_SECONDS)
            if not done:
                self._reading.cancel()

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    @property
    def _is_reading(self) -> bool:
        return self._reading is not None and not self._reading.done()

    def _read(self, messages: Sequence[ChatMessage]) -> None:
        if not self._is_reading:
            self._reading = asyncio.create_task(self._llm.warm(messages, self._options))
