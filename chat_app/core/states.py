"""The states of a conversation's two tracks."""

from __future__ import annotations

from enum import StrEnum


class Input(StrEnum):
    """Where the user's speech is."""

    QUIET = "quiet"
    CANDIDATE = "candidate"
    SPEAKING = "speaking"
    SOFT_END = "soft_end"
    COMMITTED = "committed"
    """The turn has ended; its text follows."""


class Output(StrEnum):
    """Where the server's reply is."""

    IDLE = "idle"
    SPECULATING = "speculating"
    """It is being prepared in a pause."""
    THINKING = "thinking"
    """The turn is committed; there is no audio yet."""
    PLAYING = "playing"
    PAUSED = "paused"


ACTIVE = (Output.THINKING, Output.PLAYING, Output.PAUSED)
"""There is a reply that the client knows of."""
OPEN = (Input.CANDIDATE, Input.SPEAKING, Input.SOFT_END)
