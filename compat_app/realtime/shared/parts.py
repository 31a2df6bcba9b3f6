"""What is inside the events of the server: items, usage, errors."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Shown(BaseModel):
    """A part of an event. Every field is set, so that null is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemContent(Shown):
    """The content of an item."""

    type: Literal["input_audio"]
    transcript: str | None


class ConversationItem(Shown):
    """An item: audio of the user."""

    id: str
    object: Literal["realtime.item"]
    type: Literal["message"]
    status: Literal["completed"]
    role: Literal["user"]
    content: list[ItemContent]


class Usage(Shown):
    """The length of the audio."""

    type: Literal["duration"]
    seconds: float


class SpokenLanguage(Shown):
    """A language of the transcript."""

    code: str


class LogProb(Shown):
    """The probability of one word."""

    token: str
    bytes: list[int]
    logprob: float


class FailureDetails(Shown):
    """What went wrong."""

    type: str
    code: str
    message: str
    param: str | None


class ErrorDetails(FailureDetails):
    """What went wrong, and with which event of the client."""

    event_id: str | None
