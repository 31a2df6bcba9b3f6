"""The interface of a model that hears whether a turn is complete."""

from __future__ import annotations

from typing import Protocol

import structlog

from common.audio import Samples
from common.errors import VoiceError

log = structlog.get_logger(__name__)


class TurnModel(Protocol):
    """Asked once in each pause."""

    async def probability(self, audio: Samples) -> float:
        """That the speaker has finished, 0 to 1.

        `audio` is the open utterance: mono float32 at 16 kHz, from -1 to 1, shape (n,).
        Raises VoiceError.
        """


async def rating(model: TurnModel | None, audio: Samples | None) -> float | None:
    """The probability; None if there is no model or no audio, or the model failed."""
    if model is None or audio is None:
        return None
    try:
        return await model.probability(audio)
    except VoiceError as error:
        log.debug("turn not rated", reason=error.message)
        return None
