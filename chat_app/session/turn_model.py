"""Asks the turn model in a pause."""

from __future__ import annotations

import structlog

from common.audio import Samples
from common.errors import VoiceError
from common.workers import Priority, Urgency
from stt_app.core.turns.engine import TurnModel

log = structlog.get_logger(__name__)

ASK_AFTER_SECONDS = 0.1
"""The model needs the beginning of the pause."""


async def rating(model: TurnModel, audio: Samples | None) -> float | None:
    """The probability that the speaker has finished; None if the model cannot tell."""
    if audio is None:
        return None
    try:
        return await model.end_of_turn(audio, Urgency(Priority.FINAL))
    except VoiceError as error:
        log.debug("turn not rated", reason=error.message)
        return None
