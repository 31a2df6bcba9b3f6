"""Turn-taking cues: how an utterance sounds at its end, and its words."""

from __future__ import annotations

import structlog

from chat_app.core.words import TurnWords, turn_words
from common.audio import Samples
from common.config import Config
from common.errors import VoiceError
from common.workers import Priority, Urgency
from stt_app.core.turns.engine import TurnModel
from stt_app.core.turns.hanging import hangs

log = structlog.get_logger(__name__)

ASK_AFTER_SECONDS = 0.1
"""The model needs the beginning of the pause."""


class TurnCues:
    """The turn model and the configured words, for all conversations of a process."""

    def __init__(self, model: TurnModel, config: Config) -> None:
        self._model = model
        self._config = config

    @property
    def has_model(self) -> bool:
        """Whether there is a turn model that can answer."""
        return self._model.available

    def warm_up(self) -> None:
        """Load the model in the background; or the first pause would wait for it."""
        self._model.warm_up()

    async def rate(self, audio: Samples | None) -> float | None:
        """The probability that the speaker has finished; None if the model cannot tell."""
        if audio is None:
            return None
        try:
            return await self._model.end_of_turn(audio, Urgency(Priority.FINAL))
        except VoiceError as error:
            log.debug("turn not rated", reason=error.message)
            return None

    def words(self, language: str) -> TurnWords:
        """The words of a language; of the configured one if it is empty."""
        config = self._config
        language = language or config.whisper_lang
        if language == "auto":
            language = "en"
        return turn_words(
            language, config.chat_backchannels, config.chat_stop_words, hangs=hangs
        )
