"""What is kept of a conversation. Recording never delays or fails it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class CallRecord:
    """A function that the language model called in a reply."""

    name: str
    arguments: str
    """JSON, as the language model wrote it."""


@dataclass(frozen=True)
class TurnRecord:
    """A turn of the user with the reply, once that is over."""

    conversation_id: str
    number: int
    """Counts the conversation's turns from 1."""
    principal: str
    client: str
    """IP address of the client."""
    question: str
    answer: str
    """What was heard of it."""
    status: str
    """`completed`, `cancelled`, `failed` or `incomplete`."""
    reason: str = ""
    started_at: datetime | None = None
    """The start of the conversation."""
    language: str = ""
    voice: str = ""
    model: str = ""
    """The language model that answered."""
    stages_ms: dict[str, float] = field(default_factory=dict)
    calls: tuple[CallRecord, ...] = ()
    """What the reply called."""


class ConversationRecorder(Protocol):
    """Receives the turns of conversations."""

    def record(self, turn: TurnRecord) -> None:
        """Queue it. Returns at once and never raises."""
