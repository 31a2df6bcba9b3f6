"""The records of a conversation. Recording never delays it and never raises."""

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
    result: str | None = None
    """What the client has returned; None before that."""


@dataclass(frozen=True)
class TurnRecord:
    """A finished reply, with the question that it answers."""

    conversation_id: str
    number: int
    """Counts the conversation's replies from 1."""
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
    """The functions that the reply called."""
    out_of_band: bool = False
    """Whether the reply is not part of the conversation."""


class ConversationRecorder(Protocol):
    """Receives the turns of conversations."""

    def record(self, turn: TurnRecord) -> None:
        """Queue it. Returns at once and never raises."""
