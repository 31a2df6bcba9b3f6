"""The events that a conversation's state machine takes. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Key(NamedTuple):
    """One version of one turn. A reply to another version is stale."""

    turn: int
    """The user's turns, counted from 1."""
    revision: int
    """The pauses inside the turn, any of which may be its end."""


@dataclass(frozen=True)
class VoiceHeard:
    """After each piece of audio, while an utterance is open."""

    voiced_seconds: float
    """The duration of its speech so far, without pauses."""


@dataclass(frozen=True)
class CandidateBegan:
    """The first frame that may be speech."""

    start_seconds: float
    """In the audio."""


@dataclass(frozen=True)
class CandidateDropped:
    """It was too short to be speech, or the client has cleared it."""


@dataclass(frozen=True)
class PauseBegan:
    """A pause in the utterance, which may be its end."""


@dataclass(frozen=True)
class SpeechResumed:
    """The pause was not the end."""


@dataclass(frozen=True)
class InterimHeard:
    """The text so far of the open utterance."""

    utterance: int
    text: str
    confidence: float = 1.0
    """Mean probability of its tokens, 0 to 1."""


@dataclass(frozen=True)
class TextPrepared:
    """The text of the open utterance, made during a pause; final unless speech resumes."""

    utterance: int
    text: str
    confidence: float = 1.0
    """Mean probability of its tokens, 0 to 1."""


@dataclass(frozen=True)
class CompletenessRated:
    """The turn model's answer to `AskCompleteness`."""

    key: Key
    probability: float | None
    """That the turn is complete, 0 to 1; None if the model failed."""


@dataclass(frozen=True)
class UtteranceEnded:
    """The utterance has ended; its text follows."""

    utterance: int
    end_seconds: float
    """In the audio."""
    continues: bool = False
    """Whether it was only cut, and the speaker goes on."""


@dataclass(frozen=True)
class UtteranceHeard:
    """The final text of an utterance; empty without words, or after a failure."""

    utterance: int
    text: str
    confidence: float = 1.0
    """Mean probability of its tokens, 0 to 1."""


@dataclass(frozen=True)
class ReplyReady:
    """The first audio of a reply exists."""

    key: Key


@dataclass(frozen=True)
class ReplyFailed:
    """There is no reply; the client was sent the error."""

    key: Key


@dataclass(frozen=True)
class ReplySent:
    """Everything of the reply was sent: the client may ask for the next one."""

    key: Key
    called: bool = False
    """Whether it has called functions, which cannot be taken back."""


@dataclass(frozen=True)
class ReplyPlayed:
    """Everything of the reply was sent, and should have been heard by now."""

    key: Key


@dataclass(frozen=True)
class ReplyAsked:
    """The client wants a reply now, to a turn that it has typed or committed."""


@dataclass(frozen=True)
class ReplyCancelled:
    """The client wants no reply."""


@dataclass(frozen=True)
class InputCleared:
    """The client has dropped the audio of the open turn."""


@dataclass(frozen=True)
class Tick:
    """The machine's deadline may have passed."""


TurnEvent = (
    VoiceHeard
    | CandidateBegan
    | CandidateDropped
    | PauseBegan
    | SpeechResumed
    | InterimHeard
    | TextPrepared
    | CompletenessRated
    | UtteranceEnded
    | UtteranceHeard
    | ReplyReady
    | ReplyFailed
    | ReplySent
    | ReplyPlayed
    | ReplyAsked
    | ReplyCancelled
    | InputCleared
    | Tick
)
