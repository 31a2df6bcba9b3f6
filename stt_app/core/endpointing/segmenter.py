"""Where utterances begin and end: a pure state machine over frames, with no clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples
from common.config.speech import ListeningSettings
from stt_app.core.endpointing.frames import FrameRun, quietest_sample

_HYSTERESIS = 0.15
"""Speech that has begun goes on until the probability falls this far below."""
_LOWEST_THRESHOLD = 0.01
_LONGEST_TAIL_SECONDS = 0.3
_CUT_SEARCH_SHARE = 1 / 3
"""The cut is looked for in this last part of an utterance that is too long."""


class EndReason(StrEnum):
    """Why an utterance ended."""

    SILENCE = "silence"
    LIMIT = "limit"
    FLUSH = "flush"


@dataclass(frozen=True)
class SpeechStarted:
    """Speech was detected; its utterance starts here."""

    start_sample: int
    continued: bool = False
    """It goes on from an utterance that was cut: nobody began to speak."""


@dataclass(frozen=True, eq=False)
class UtteranceEnded:
    """A finished utterance. No sample is in two of them."""

    samples: Samples
    start_sample: int
    speech_end_sample: int
    """Where the last speech ended; a pause follows."""
    reason: EndReason
    voice_probability: float = 1.0
    """Mean probability of speech over the frames that were taken for it."""

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.samples)


@dataclass(frozen=True)
class SpeechDropped:
    """What began was too short to be speech."""

    start_sample: int


Event = SpeechStarted | UtteranceEnded | SpeechDropped


class Segmenter:
    """Takes frames with their speech probability, gives the events they cause."""

    def __init__(
        self,
        settings: ListeningSettings,
        start_sample: int = 0,
        *,
        resumed: bool = False,
    ) -> None:
        self._preroll = FrameRun(start_sample)
        self._current: FrameRun | None = None
        self._first_voiced = 0
        self._voiced: list[float] = []
        self._unbroken_from = 0
        # What opens a resumed stream may be the rest of something long.
        self._continued = False
        self._resumed = resumed
        self.position = start_sample
        """Samples heard so far."""
        self.speech_end_sample = start_sample
        """Where the latest speech ended, or has come to."""
        self.use(settings)

    def use(self, settings: ListeningSettings) -> None:
        """Follow these settings from now on, in an open utterance too."""
        self._threshold = settings.vad_threshold
        self._floor = max(settings.vad_threshold - _HYSTERESIS, _LOWEST_THRESHOLD)
        self._shortest = _samples(settings.min_utterance_seconds)
        self._longest = _samples(settings.max_utterance_seconds)
        self._pause = _samples(settings.speculative_pause_seconds)
        # A part of the pause belongs to the utterance, the rest to the next one.
        tail = min(_LONGEST_TAIL_SECONDS, settings.silence_max_seconds / 2)
        self._tail = _samples(tail)
        self._preroll_length = _samples(settings.preroll_seconds)
        self.wait_for_silence(settings.silence_max_seconds)

    def wait_for_silence(self, seconds: float) -> None:
        """How long a pause must be to end the utterance.

        Whoever can tell from the words or the voice that a turn is over, or is
        not, calls this in the pause.
        """
        self._silence = _samples(seconds)

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._current is not None

    @property
    def voice_probability(self) -> float:
        """How surely what was taken for speech is speech, in the open utterance."""
        return sum(self._voiced) / len(self._voiced) if self._voiced else 0.0

    @property
    def spoken_seconds(self) -> float:
        """How long somebody has spoken in the open utterance, pauses included."""
        if self._current is None:
            return 0.0
        return (self.position - self._first_voiced) / SPEECH_RATE_HZ

    @property
    def settled_sample(self) -> int:
        """No utterance that is still to end begins before this sample."""
        if self._current is not None:
            return self._current.start
        return max(self._preroll.start, self.position - self._preroll_length)

    @property
    def open_start(self) -> int:
        """Where the open utterance starts."""
        return self._current.start if self._current else self.position

    @property
    def pausing(self) -> bool:
        """Whether a pause may have begun after which the text is prepared."""
        if self._current is None or self._pause == 0:
            return False
        return self.position > self.speech_end_sample and self._worth_saying()

    @property
    def paused(self) -> bool:
        """Whether the open utterance has come to a pause that may be its end."""
        return self.pausing and self.position - self.speech_end_sample >= self._pause

    def open_audio(self) -> Samples:
        """The open utterance so far; empty when there is none."""
        return self._current.samples() if self._current else np.zeros(0, np.float32)

    @property
    def unbroken_samples(self) -> int:
        """How long speech has gone on without a pause that ended an utterance."""
        return self.position - self._unbroken_from if self._current else 0

    def push(self, frame: Samples, probability: float) -> list[Event]:
        """One frame of any length, and how probable it is that it holds speech."""
        start, self.position = self.position, self.position + len(frame)
        if self._current is None:
            self._preroll.append(frame)
            self._preroll.forget(self._preroll_length + len(frame))
            voiced = probability >= self._threshold
            return self._begin(start, probability) if voiced else []
        self._current.append(frame)
        if probability >= self._floor:
            self._voiced.append(probability)
            self.speech_end_sample = self.position
        elif self.position - self.speech_end_sample >= self._silence:
            return self._end(EndReason.SILENCE)
        return self._cut() if len(self._current) >= self._longest else []

    def flush(self) -> list[Event]:
        """End what is open, now."""
        return self._end(EndReason.FLUSH) if self._current else []

    def _begin(self, voiced_from: int, probability: float) -> list[Event]:
        wanted = self._preroll_length + self.position - voiced_from
        heard = self._preroll.samples()
        self._current = FrameRun(self.position, heard[max(0, len(heard) - wanted) :])
        self._preroll = FrameRun(self.position)
        self._first_voiced = voiced_from
        self._voiced = [probability]
        self._unbroken_from = self._current.start
        self._continued, self._resumed = self._resumed, False
        self.speech_end_sample = self.position
        return [SpeechStarted(self._current.start)]

    def _end(self, reason: EndReason) -> list[Event]:
        run = self._current
        assert run is not None  # noqa: S101 - for the type checker
        self._current = None
        if not self._worth_saying():
            self._preroll = run
            return [SpeechDropped(run.start)]
        samples = run.samples()
        spoken = self.speech_end_sample - run.start
        keep = min(len(samples), spoken + self._tail)
        self._preroll = FrameRun(self.position, samples[keep:])
        return [
            UtteranceEnded(
                samples[:keep],
                run.start,
                self.speech_end_sample,
                reason,
                self.voice_probability,
            )
        ]

    def _worth_saying(self) -> bool:
        """What follows a cut is the rest of something long, so it is never too short."""
        voiced = self.speech_end_sample - self._first_voiced
        return voiced > 0 if self._continued else voiced >= self._shortest

    def _cut(self) -> list[Event]:
        """End the utterance at its quietest late point; the rest opens the next one."""
        run = self._current
        assert run is not None  # noqa: S101 - for the type checker
        samples = run.samples()
        search = int(len(samples) * _CUT_SEARCH_SHARE)
        at = len(samples) - search + quietest_sample(samples[-search:])
        cut = run.start + at
        self._current = FrameRun(self.position, samples[at:])
        spoken_until = min(self.speech_end_sample, cut)
        event: Event = SpeechDropped(run.start)
        if spoken_until > self._first_voiced:
            before = samples[:at].copy()
            event = UtteranceEnded(
                before,
                run.start,
                spoken_until,
                EndReason.LIMIT,
                self.voice_probability,
            )
        self._first_voiced = max(self._first_voiced, cut)
        self._continued = True
        return [event, SpeechStarted(cut, continued=True)]


def _samples(seconds: float) -> int:
    return int(np.ceil(seconds * SPEECH_RATE_HZ))
