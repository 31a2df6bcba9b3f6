"""The actions of a conversation's state machine, to be carried out in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chat_app.core.events import Key


class CancelReason(StrEnum):
    """Why a reply ends early."""

    TURN_DETECTED = "turn_detected"
    """The user has interrupted it."""
    CLIENT_CANCELLED = "client_cancelled"
    TIMED_OUT = "timed_out"
    """The reply did not begin in time."""


@dataclass(frozen=True)
class TellCandidate:
    """The user may have begun to speak; a client may lower the volume."""


@dataclass(frozen=True)
class TellSpeechStarted:
    """The user has the floor."""

    turn: int
    start_seconds: float


@dataclass(frozen=True)
class TellSpeechStopped:
    """The user's turn has ended; its text follows, or `DropTurn`."""

    turn: int
    end_seconds: float


@dataclass(frozen=True)
class WarmPrefix:
    """Have the language model read the conversation so far."""


@dataclass(frozen=True)
class RestartUtterance:
    """The sound so far was not speech; what follows is a new utterance."""


@dataclass(frozen=True)
class AskCompleteness:
    """Ask the turn model about the audio of this turn; answered by CompletenessRated."""

    key: Key


@dataclass(frozen=True)
class WaitForSilence:
    """Set the pause that ends the utterance from now on."""

    seconds: float
    key: Key
    probability: float | None = None


@dataclass(frozen=True)
class Flush:
    """End the open utterance now, because no more audio arrives."""


@dataclass(frozen=True)
class StartReply:
    """Prepare a reply to this text; hold it back until `ReleaseReply`."""

    key: Key
    text: str
    speculative: bool
    answers_silence: bool = False


@dataclass(frozen=True)
class DropReply:
    """Stop and drop a reply of which nothing was sent."""

    key: Key


@dataclass(frozen=True)
class CommitTurn:
    """Add the turn to the conversation."""

    key: Key
    text: str
    utterances: tuple[int, ...] = ()
    """The utterances that it consists of."""


@dataclass(frozen=True)
class CommitSilence:
    """Add a turn without words: the user has said nothing for this long since the reply."""

    key: Key
    seconds: float


@dataclass(frozen=True)
class DropTurn:
    """There was nothing to answer: no words, the server's own voice, or an "uh-huh"."""

    turn: int
    why: str


@dataclass(frozen=True)
class ReopenTurn:
    """Take back a turn that was committed too early; what follows continues it."""

    turn: int


@dataclass(frozen=True)
class ReleaseReply:
    """Let the reply be sent."""

    key: Key


@dataclass(frozen=True)
class PauseOutput:
    """Send no audio, and have the client pause."""


@dataclass(frozen=True)
class ResumeOutput:
    """Continue where the output was paused."""


@dataclass(frozen=True)
class CancelReply:
    """End a released reply. The conversation keeps what was heard of it."""

    key: Key
    reason: CancelReason
    reopens: bool = False
    """Whether the turn that it answers goes on: `ReopenTurn` follows."""


TurnAction = (
    TellCandidate
    | RestartUtterance
    | TellSpeechStarted
    | TellSpeechStopped
    | WarmPrefix
    | AskCompleteness
    | WaitForSilence
    | Flush
    | StartReply
    | DropReply
    | CommitTurn
    | CommitSilence
    | DropTurn
    | ReopenTurn
    | ReleaseReply
    | PauseOutput
    | ResumeOutput
    | CancelReply
)
