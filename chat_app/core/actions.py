"""What a conversation's state machine wants done, in this order."""

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
    """It did not begin in time."""


@dataclass(frozen=True)
class TellCandidate:
    """The user may have begun to speak: a client may lower its volume."""


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
    """What was heard so far was no speech. What follows is an utterance of its own."""


@dataclass(frozen=True)
class AskCompleteness:
    """Ask the turn model about the audio of this turn; answered by CompletenessRated."""

    key: Key


@dataclass(frozen=True)
class WaitForSilence:
    """The pause that ends the utterance, from now on."""

    seconds: float
    key: Key
    probability: float | None = None


@dataclass(frozen=True)
class Flush:
    """End the open utterance now: no more audio comes."""


@dataclass(frozen=True)
class StartReply:
    """Ask for a reply to this text. Hold its audio back until `ReleaseReply`."""

    key: Key
    text: str
    speculative: bool
    answers_silence: bool = False


@dataclass(frozen=True)
class DropReply:
    """Stop it, and forget it: nobody has heard any of it."""

    key: Key


@dataclass(frozen=True)
class CommitTurn:
    """The turn belongs to the conversation."""

    key: Key
    text: str
    utterances: tuple[int, ...] = ()
    """Those that it consists of."""


@dataclass(frozen=True)
class CommitSilence:
    """The user has said nothing since the last reply, for so long: that is a turn too."""

    key: Key
    seconds: float


@dataclass(frozen=True)
class DropTurn:
    """There was nothing to answer: no words, the server's own voice, or an "uh-huh"."""

    turn: int
    why: str


@dataclass(frozen=True)
class ReopenTurn:
    """The turn was committed too early: take it back. What follows continues it."""

    turn: int


@dataclass(frozen=True)
class ReleaseReply:
    """Its audio may leave."""

    key: Key


@dataclass(frozen=True)
class PauseOutput:
    """Send no audio, and have the client pause."""


@dataclass(frozen=True)
class ResumeOutput:
    """Go on where it was paused."""


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
