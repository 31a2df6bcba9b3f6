"""What waits its turn among the utterances of a session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flush:
    """A flush, answered once everything before it is done."""

    utterance_id: int | None


@dataclass(frozen=True)
class End:
    """Nothing follows."""

    reason: str
