"""What waits its turn among the utterances of a session."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from stt_app.core.events import UtteranceResult


@dataclass(frozen=True)
class Flush:
    """A flush, answered once everything before it is done."""

    utterance_id: int | None


@dataclass(frozen=True)
class End:
    """Nothing follows."""

    reason: str


Job = asyncio.Task[UtteranceResult] | Flush | End
"""The task is a pending utterance."""
