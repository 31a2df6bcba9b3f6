"""The last turns of each conversation, in memory and within fixed bounds."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from tts_app.core.llm.base import ChatMessage

MAX_CONVERSATIONS = 500
MAX_TURNS = 6
MAX_CHARACTERS = 2_000
"""Kept of one message."""
KEPT_SECONDS = 30 * 60

Key = tuple[str, str]
"""Who asks, and the conversation's id: nobody continues another's conversation."""


class Conversations:
    """Remembers what was asked and answered; the oldest conversation is forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, list[ChatMessage]]] = OrderedDict()

    def history(self, key: Key) -> list[ChatMessage]:
        """The turns so far, oldest first."""
        last, messages = self._kept.get(key, (0.0, []))
        return list(messages) if self._clock() - last < KEPT_SECONDS else []

    def add(self, key: Key, question: str, answer: str) -> None:
        """One turn has ended."""
        messages = [
            *self.history(key),
            ChatMessage("user", question[:MAX_CHARACTERS]),
            ChatMessage("assistant", answer[:MAX_CHARACTERS]),
        ]
        self._kept[key] = (self._clock(), messages[-2 * MAX_TURNS :])
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_CONVERSATIONS:
            self._kept.popitem(last=False)
