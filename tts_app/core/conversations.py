"""What is remembered of a conversation, and who keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from common.config.llm import ConversationSettings
from common.text_cleaning import clean_text
from llm.engine import ChatMessage


class Key(NamedTuple):
    """Whose conversation it is: nobody continues that of another principal."""

    principal: str
    conversation_id: str


@dataclass(frozen=True)
class Turn:
    """A question and its answer."""

    question: str
    answer: str

    def cut(self, characters: int) -> Turn:
        """The beginnings of both, without what databases refuse."""
        return Turn(
            clean_text(self.question)[:characters],
            clean_text(self.answer)[:characters],
        )


class ConversationStore(Protocol):
    """Remembers turns within the bounds of ConversationSettings, for every process.

    Each method raises Unavailable when the place where they are kept is away.
    """

    async def history(self, key: Key) -> list[Turn]:
        """The turns so far, oldest first; none when the conversation has expired."""

    async def add(self, key: Key, turn: Turn) -> None:
        """One turn has ended."""

    async def forget(self, key: Key) -> bool:
        """Forget the conversation; whether there was one."""

    async def close(self) -> None:
        """Give connections back; the next call opens new ones."""


def as_messages(turns: Sequence[Turn]) -> list[ChatMessage]:
    """The turns as a language model reads them."""
    messages = []
    for turn in turns:
        messages.append(ChatMessage("user", turn.question))
        messages.append(ChatMessage("assistant", turn.answer))
    return messages


def trim_turns(turns: Sequence[Turn], settings: ConversationSettings) -> list[Turn]:
    """What of the turns is remembered."""
    return [
        turn.cut(settings.conversation_characters)
        for turn in turns[-settings.conversation_turns :]
    ]
