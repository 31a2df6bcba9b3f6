"""What a connection is for: a conversation, or transcription only."""

from __future__ import annotations

from enum import StrEnum

from compat_app.model_names import TRANSCRIPTION_MODELS
from gateway_app.access.principals import Scope


class Kind(StrEnum):
    """The `type` of a session."""

    TRANSCRIPTION = "transcription"
    CONVERSATION = "realtime"

    @property
    def scope(self) -> Scope:
        """What a caller needs for it."""
        return Scope.LISTEN if self is Kind.TRANSCRIPTION else Scope.CHAT


def kind_of(intent: str, model: str, transcribers: tuple[str, ...]) -> Kind:
    """What the query asks for; `transcribers` are the models of speech to text.

    Without a model it is transcription, because a conversation always names one.
    """
    if intent == "transcription" or not model:
        return Kind.TRANSCRIPTION
    if model in (*TRANSCRIPTION_MODELS, *transcribers):
        return Kind.TRANSCRIPTION
    return Kind.CONVERSATION
