"""The events of the user's speech and turns."""

from __future__ import annotations

from dataclasses import dataclass

from chat_app.core.user_turn import HeardWord
from common.errors import VoiceError


@dataclass(frozen=True)
class CandidateHeard:
    """The user may have begun to speak during a reply."""


@dataclass(frozen=True)
class SpeechStarted:
    """The user has the floor."""

    item_id: str
    audio_start_ms: int


@dataclass(frozen=True)
class SpeechStopped:
    """The user's turn has ended: TurnCommitted or TurnDropped follows."""

    item_id: str
    audio_end_ms: int


@dataclass(frozen=True)
class CaptionHeard:
    """The text so far of what the user is saying."""

    item_id: str
    text: str


@dataclass(frozen=True)
class DelayChosen:
    """How long the pause must be to end the turn."""

    delay_ms: int
    probability: float | None
    """The turn model's; None without one."""


@dataclass(frozen=True)
class TurnCommitted:
    """The turn belongs to the conversation."""

    item_id: str
    previous_item_id: str | None
    text: str
    audio_seconds: float
    language: str = ""
    words: tuple[HeardWord, ...] = ()
    """If the options ask for the times of words."""


@dataclass(frozen=True)
class SilenceCommitted:
    """The user has said nothing since the last reply, which is answered like a turn."""

    item_id: str
    previous_item_id: str | None
    audio_start_ms: int
    """The end of the reply, in the audio received."""
    audio_end_ms: int


@dataclass(frozen=True)
class TurnDropped:
    """There was nothing to answer."""

    item_id: str
    why: str


@dataclass(frozen=True)
class TurnReopened:
    """The turn was committed too early: its item and the reply are taken back."""

    item_id: str
    reply_item_id: str


@dataclass(frozen=True)
class InputFailed:
    """An utterance could not be transcribed. The conversation goes on."""

    error: VoiceError
