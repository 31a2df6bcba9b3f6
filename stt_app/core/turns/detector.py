"""Asks the turn model in each pause of one stream, and sets the length of the pause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np
import structlog

from common.audio import SPEECH_RATE_HZ, Samples
from common.errors import VoiceError
from common.workers import Priority, Urgency
from stt_app.core.endpointing.events import (
    AudioHeard,
    EndpointEvent,
    EndReason,
    PauseBegun,
    UtteranceEnded,
)
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.events import SpeculativeFinal, TurnRated
from stt_app.core.turns.engine import TurnModel
from stt_app.core.turns.features import WINDOW_SAMPLES
from stt_app.core.turns.hanging import hangs
from stt_app.core.turns.pauses import TurnPauses

log = structlog.get_logger(__name__)

ASK_AFTER_SAMPLES = round(0.128 * SPEECH_RATE_HZ)
"""Of the pause: the model expects a moment of silence, and answers in time to end the
turn after 0.32 s."""
_PENDING_SECONDS = 0.7
"""The least pause that ends a turn while the answer is not there."""

_NOTHING: Samples = np.zeros(0, np.float32)

Emit = Callable[[TurnRated | SpeculativeFinal], None]


class TurnDetector:
    """Follows the endpointing of one session; one question in each pause.

    Without a rule for pauses, or without a model, a pause has the length that
    `wait_for_silence` gives. `emit` gets what the model says.
    """

    def __init__(self, model: TurnModel, frontend: AudioFrontend, emit: Emit) -> None:
        self._model = model
        self._frontend = frontend
        self._emit = emit
        self._plain_seconds = 0.0
        self._pauses: TurnPauses | None = None
        self._pause: PauseBegun | None = None
        self._asked: asyncio.Task[None] | None = None
        self._urgency: Urgency | None = None
        self._probability: float | None = None
        self._hangs = False
        self._before: Samples = _NOTHING
        """The part of the turn before a cut at the maximum length."""

    def wait_for_silence(self, seconds: float, pauses: TurnPauses | None) -> None:
        """The pause that ends a turn; with `pauses`, only where the model is not asked."""
        self._plain_seconds, self._pauses = seconds, pauses
        if pauses is not None:
            self._model.warm_up()
        self._wait()

    def hear(self, heard: AudioHeard) -> None:
        """So far the audio has come."""
        pause = self._pause
        if pause is None or self._asked is not None:
            return
        if heard.position_sample - pause.speech_end_sample >= ASK_AFTER_SAMPLES:
            self._ask(pause)

    def take(self, event: EndpointEvent) -> None:
        """Follow where speech is."""
        self._forget()
        if isinstance(event, PauseBegun) and self._asks:
            self._pause = event
        if isinstance(event, UtteranceEnded):
            cut = self._asks and event.reason is EndReason.LIMIT
            self._before = event.samples[-WINDOW_SAMPLES:] if cut else _NOTHING
        self._wait()

    def prepared(self, event: SpeculativeFinal) -> None:
        """Pass the text of the pause on, and see whether its last word hangs."""
        self._emit(event)
        found = event.transcript
        pause = self._pause
        if pause is None or pause.speech_end_sample != event.speech_end_sample:
            return
        self._hangs = hangs(found.text, found.language)
        if self._hangs:
            self._wait()
            self._tell()

    @property
    def _asks(self) -> bool:
        return self._pauses is not None and self._model.available

    def _ask(self, pause: PauseBegun) -> None:
        utterance = self._frontend.open_utterance()
        if utterance is None:
            return
        turn = np.concatenate([self._before, utterance.samples])[-WINDOW_SAMPLES:]
        deadline = time.monotonic() + _PENDING_SECONDS
        self._urgency = Urgency(Priority.SPECULATIVE, deadline)
        self._asked = asyncio.create_task(self._rate(pause, turn, self._urgency))

    async def _rate(self, pause: PauseBegun, turn: Samples, urgency: Urgency) -> None:
        try:
            probability = await self._model.end_of_turn(turn, urgency)
        except VoiceError as error:
            log.debug("turn not rated", reason=error.message)
            return
        if pause is self._pause:
            self._probability = probability
            self._wait()
            self._tell()

    def _wait(self) -> None:
        """Set the pause that ends the turn, from what is known."""
        seconds, pauses = self._plain_seconds, self._pauses
        if self._pause is not None and pauses is not None:
            if self._probability is not None:
                seconds = pauses.seconds(self._probability, hangs=self._hangs)
            else:
                seconds = max(seconds, _PENDING_SECONDS)
        self._frontend.wait_for_silence(seconds)

    def _tell(self) -> None:
        if self._pause is None or self._probability is None:
            return
        number, end = self._pause.utterance_id, self._pause.speech_end_sample
        self._emit(TurnRated(number, end, self._probability, self._hangs))

    def _forget(self) -> None:
        """The pause is over: nobody needs its answer."""
        if self._urgency is not None:
            self._urgency.give_up()
        self._pause = self._asked = self._urgency = self._probability = None
        self._hangs = False
