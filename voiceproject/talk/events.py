"""The events of a conversation for its user, in the order in which they are heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Floor: TypeAlias = Literal["listening", "hearing", "thinking", "speaking", "paused"]
"""Who has the turn; `paused` is a reply that may be being interrupted."""


@dataclass(frozen=True)
class Ready:
    """The conversation has begun."""

    not_ready: dict[str, str]
    """The models that are not warm, each with a sentence."""


@dataclass(frozen=True)
class FloorChanged:
    floor: Floor


@dataclass(frozen=True)
class Caption:
    """What the user is saying so far. It may change."""

    text: str


@dataclass(frozen=True)
class Said:
    """What the user has said."""

    text: str


@dataclass(frozen=True)
class Dropped:
    """A turn that is not answered."""

    reason: str


@dataclass(frozen=True)
class Reopened:
    """The turn goes on; what was begun as its reply is taken back."""


@dataclass(frozen=True)
class Audible:
    """The first sound of a reply leaves the loudspeaker."""

    number: int
    waited_ms: float | None
    """Since the end of the speech, or since the text was sent; None if that is unknown."""


@dataclass(frozen=True)
class Spoken:
    """This clause of a reply begins to sound."""

    number: int
    text: str


@dataclass(frozen=True)
class ReplyEnded:
    """A reply is over."""

    number: int
    status: str
    """`completed`, `cancelled`, `failed` or `incomplete`."""
    reason: str
    heard: str
    """What was heard of it."""
    heard_ms: int
    waited_ms: float | None
    """As of `Audible`; None if nothing was heard."""
    stages_ms: dict[str, float] = field(default_factory=dict)
    """Of the turn, since the end of the speech, as the server measured them."""

    @property
    def interrupted(self) -> bool:
        return self.status == "cancelled"


@dataclass(frozen=True)
class Problem:
    """The server has refused a request, or it failed."""

    code: str
    message: str


@dataclass(frozen=True)
class Lost:
    """The connection is lost. The client reconnects, and keeps what is said meanwhile."""


@dataclass(frozen=True)
class Resumed:
    """The client has reconnected, and the conversation goes on."""


@dataclass(frozen=True)
class ClosingSoon:
    """The server ends the connection in so many seconds."""

    seconds: float


TalkEvent: TypeAlias = (
    Ready
    | FloorChanged
    | Caption
    | Said
    | Dropped
    | Reopened
    | Audible
    | Spoken
    | ReplyEnded
    | Problem
    | Lost
    | Resumed
    | ClosingSoon
)
