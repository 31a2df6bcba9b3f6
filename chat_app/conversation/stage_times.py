"""When each stage of a turn was reached, counted from the end of the user's speech."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from common.audio import SPEECH_RATE_HZ
from stt_app.core.events import (
    PauseBegun,
    SessionEvent,
    SpeculativeFinal,
    SpeechEnded,
    UtteranceTranscribed,
)


class StageTimes:
    """The times of one turn. The conversation has those of the newest turn, and each reply
    those of the turn that it answers.

    `transcribed`, `rated`, `endpoint`, `committed`; then `llm_first_token`,
    `first_audio` and `first_sent` of the reply.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._speech_end_at = clock()
        self._stages: dict[str, float] = {}
        self.turn_seconds = 0.0
        """The length of the utterance that ended last."""

    def copy(self) -> StageTimes:
        """A copy for the reply to this turn, because the next pause resets the original."""
        copied = copy(self)
        copied._stages = dict(self._stages)
        return copied

    def start(self, seconds_ago: float = 0.0) -> None:
        """Start again: the speech ended `seconds_ago`, or a typed turn was asked for."""
        self._speech_end_at = self._clock() - seconds_ago
        self._stages = {}

    def hear(self, event: SessionEvent, received_seconds: float) -> None:
        """Take an event of the live session, which has received this much audio.

        The audio is assumed to arrive in real time: the end of the speech was received as
        long ago as the audio after it lasts.
        """
        if isinstance(event, PauseBegun):
            ended_seconds = event.speech_end_sample / SPEECH_RATE_HZ
            self.start(max(0.0, received_seconds - ended_seconds))
        elif isinstance(event, SpeculativeFinal | UtteranceTranscribed):
            self.mark("transcribed")
        elif isinstance(event, SpeechEnded):
            self.mark("endpoint")
        if isinstance(event, UtteranceTranscribed):
            self.turn_seconds = event.audio_seconds

    def mark(self, stage: str) -> None:
        """The stage is reached now; only the first time counts."""
        self.mark_at(stage, self._clock())

    def mark_at(self, stage: str, when: float | None) -> None:
        if when is not None and stage not in self._stages:
            self._stages[stage] = round((when - self._speech_end_at) * 1000, 1)

    def stages_ms(self) -> dict[str, float]:
        return dict(self._stages)
