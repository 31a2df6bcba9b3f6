"""Prefills the language model with the conversation while the user still speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from llm.engine import ChatMessage, LlmEngine, ReplyOptions

LONGEST_WAIT_SECONDS = 0.5
"""How long a reply waits at most until the model has finished reading."""
MORE_WORDS = 3
"""How many new words are worth another request."""
_UNSTABLE_WORDS = 1
"""The last word of a caption may be incomplete, or have a full stop that disappears."""


Messages = Callable[[str], Sequence[ChatMessage]]
"""Returns the conversation, with a text of the user as its last message unless empty."""


class ReadAhead:
    """Has the model read the beginning of a question, so that its prompt cache holds all but
    the end when the question is complete. One request runs at a time."""

    def __init__(self, llm: LlmEngine, may_read: Callable[[], bool]) -> None:
        """`may_read` says whether nobody waits for a reply of the model."""
        self._llm = llm
        self._may_read = may_read
        self._reading: asyncio.Task[None] | None = None
        self._words = 0
        """How many words of the open turn are read."""
        self._messages: Messages | None = None
        self._options = ReplyOptions()

    def begin(self, messages: Messages, options: ReplyOptions) -> None:
        """Begin a turn: read the conversation before it, with the model and the tools of
        the options."""
        self._words, self._messages, self._options = 0, messages, options
        self._read(messages(""))

    def hear(self, caption: str) -> None:
        """Read the caption so far, if enough of it is new."""
        words = caption.split()[:-_UNSTABLE_WORDS]
        if self._is_reading or len(words) < self._words + MORE_WORDS:
            return
        if self._messages is not None and self._may_read():
            self._words = len(words)
            self._read(self._messages(" ".join(words)))

    async def settled(self) -> None:
        """Wait until nothing is being read: only then the prompt cache is complete.

        Cancels a request that takes longer than LONGEST_WAIT_SECONDS.
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
