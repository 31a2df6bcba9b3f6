"""The interface of a model that hears whether a turn is complete."""

from __future__ import annotations

from typing import Protocol

from common.audio import Samples


class TurnModel(Protocol):
    """Asked once in each pause."""

    async def probability(self, audio: Samples) -> float:
        """That the speaker has finished, 0 to 1.

        `audio` is the open utterance: mono float32 at 16 kHz, from -1 to 1, shape (n,).
        Raises VoiceError.
        """
