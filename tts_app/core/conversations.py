"""Turns of conversations, and the stores that keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from common.config.llm import ConversationSettings
from common.text_cleaning import clean_text
from llm.engine import ChatMessage


class Key(NamedTuple):
    """The owner of the conversation: other principals cannot continue it."""

    principal: str
    conversation_id: str


@dataclass(frozen=True)
class Turn:
    """A question and its answer."""

    question: str
    answer: str

    def cut(self, characters: int) -> Turn:
        """Both truncated, without characters that databases reject."""
        return Turn(
            clean_text(self.question)[:characters],
            clean_text(self.answer)[:characters],
        )


class ConversationStore(Protocol):
    """Stores turns within the limits of ConversationSettings, for every process. Each
    method raises Unavailable if the store is down.
    """

    async def history(self, key: Key) -> list[Turn]:
        """The turns so far, oldest first; empty if the conversation has expired."""

    async def add(self, key: Key, turn: Turn) -> None:
        """Store a turn."""

    async def forget(self, key: Key) -> bool:
        """Delete the conversation; returns whether it existed."""

    async def close(self) -> None:
        """Close connections; the next call opens new ones."""


def as_messages(turns: Sequence[Turn]) -> list[ChatMessage]:
    """The turns as a language model reads them."""
    messages = []
    for turn in turns:
        messages.append(ChatMessage("user", turn.question))
        messages.append(ChatMessage("assistant", turn.answer))
    return messages


def trim_turns(turns: Sequence[Turn], settings: ConversationSettings) -> list[Turn]:
    """The limits of stored turns."""
    return [
        turn.cut(settings.conversation_characters)
        for turn in turns[-settings.conversation_turns :]
    ]
