"""Endpointing: a pure state machine over frames, without a clock."""

from __future__ import annotations

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples
from common.config.speech import ListeningSettings
from stt_app.core.endpointing.events import (
    AudioHeard,
    CandidateDropped,
    EndpointEvent,
    EndReason,
    PauseBegun,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechResumed,
    UtteranceEnded,
)
from stt_app.core.endpointing.frames import FrameRun, quietest_sample
from stt_app.core.endpointing.utterance import OpenUtterance, Utterance

_HYSTERESIS = 0.15
"""Speech continues until the probability falls this far below the threshold. Silero's
own
iterator uses the same: breaths and stops between words dip for a frame or two."""
_BRIEF_SECONDS = 0.35
"""A word of one syllable ("no", "up") is voiced for 0.15 to 0.35 s. So are many coughs
and clicks, so that less speech than this must be certain."""
_CERTAINTY = 0.15
"""How far the probability must rise above the threshold at least once to be certain."""
_HIGHEST_THRESHOLD = 0.95
_LOWEST_THRESHOLD = 0.01
"""With a floor at 0 or below, speech would never end."""
_LONGEST_TAIL_SECONDS = 0.3
"""The trailing silence, as long as the default pre-roll: final consonants fade within
it, and more silence only makes decoding slower."""
_CUT_SEARCH_SHARE = 1 / 3
"""The part at the end of a too long utterance in which to look for a cut: several
seconds, which contain a pause between words, and leave both parts long enough to give
Whisper context."""


class Segmenter:
    """Takes frames with their speech probability and returns events.

    `first_id` is the number of the first utterance, `start_sample` the place of the
    first frame in the stream.
    """

    def __init__(
        self,
        settings: ListeningSettings,
        start_sample: int = 0,
        *,
        first_id: int = 1,
        resumed: bool = False,
    ) -> None:
        self._preroll = FrameRun(start_sample)
        self._open: Utterance | None = None
        self._next_id = first_id
        # A resumed stream may start in the middle of a long utterance.
        self._resumed = resumed
        self._position = start_sample
        self.use(settings)

    def use(self, settings: ListeningSettings) -> None:
        """Use these settings from now on, also for the open utterance."""
        self._threshold = settings.vad_threshold
        self._floor = max(settings.vad_threshold - _HYSTERESIS, _LOWEST_THRESHOLD)
        self._certain = min(settings.vad_threshold + _CERTAINTY, _HIGHEST_THRESHOLD)
        self._shortest = _samples(settings.min_utterance_seconds)
        self._brief = max(_samples(_BRIEF_SECONDS), self._shortest)
        confirm_seconds = settings.speech_confirm_seconds
        self._confirms_words = confirm_seconds is None
        self._confirm = (
            self._brief if confirm_seconds is None else _samples(confirm_seconds)
        )
        self._longest = _samples(settings.max_utterance_seconds)
        self._prepare_after = _samples(settings.speculative_pause_seconds)
        # A part of the pause belongs to this utterance, the rest to the next one.
        tail = min(_LONGEST_TAIL_SECONDS, settings.silence_max_seconds / 2)
        self._tail = _samples(tail)
        self._preroll_length = _samples(settings.preroll_seconds)
        self.wait_for_silence(settings.silence_max_seconds)

    def wait_for_silence(self, seconds: float) -> None:
        """Set the pause that ends the utterance. A turn detector calls this during the
        pause.
        """
        self._silence = _samples(seconds)

    def push(self, frame: Samples, probability: float) -> list[EndpointEvent]:
        """The events of one frame.

        `frame` is mono float32 at 16 kHz, from -1 to 1, of any length; `probability`,
        0 to 1, says how surely it holds speech.
        """
        start, self._position = self._position, self._position + len(frame)
        utterance = self._open
        if utterance is None:
            self._preroll.append(frame)
            self._preroll.forget(self._preroll_length + len(frame))
            voiced = probability >= self._threshold
            return self._begin(start, probability) if voiced else []
        utterance.run.append(frame)
        if probability >= self._floor:
            events = self._hear_voice(utterance, start, probability)
        elif self._position - utterance.speech_end_sample >= self._silence:
            return self._end(EndReason.SILENCE)
        else:
            events = self._hear_pause(utterance)
        if len(utterance.run) >= self._longest:
            events += self._cut(utterance)
        return events

    def flush(self) -> list[EndpointEvent]:
        """End the open utterance now."""
        return self._end(EndReason.FLUSH) if self._open else []

    def discard(self, skipped_samples: int) -> list[EndpointEvent]:
        """Drop the open utterance, and the audio before the next one.

        `skipped_samples` is the length of audio that follows and is dropped as well.
        """
        utterance, self._open = self._open, None
        self._position += skipped_samples
        self._preroll = FrameRun(self._position)
        if utterance is None:
            return []
        start, end = utterance.run.start, utterance.speech_end_sample
        return [CandidateDropped(self._next_id, start, end)]

    def restart(self) -> list[EndpointEvent]:
        """Drop the open utterance: what it held was no speech. The next one may begin
        at once, and its pre-roll is the end of this one."""
        utterance, self._open = self._open, None
        if utterance is None:
            return []
        start, end = utterance.run.start, utterance.speech_end_sample
        self._preroll = utterance.run
        self._preroll.forget(self._preroll_length)
        return [CandidateDropped(self._next_id, start, end)]

    def heard(self) -> AudioHeard:
        """The position in the audio, emitted after each chunk."""
        if self._open is None:
            kept_from = self._position - self._preroll_length
            settled = max(self._preroll.start, kept_from)
            return AudioHeard(self._position, settled, 0)
        unbroken = self._position - self._open.unbroken_from
        return AudioHeard(self._position, self._open.run.start, unbroken)

    @property
    def voiced_seconds(self) -> float:
        """The duration of the open utterance's speech frames; 0 in silence."""
        return self._open.voiced_samples / SPEECH_RATE_HZ if self._open else 0.0

    def open_utterance(self) -> OpenUtterance | None:
        """A copy of the open utterance, for an interim result; None in silence."""
        return self._open.copy(self._next_id) if self._open else None

    def _begin(self, voiced_sample: int, probability: float) -> list[EndpointEvent]:
        wanted = self._preroll_length + self._position - voiced_sample
        heard = self._preroll.samples()
        run = FrameRun(self._position, heard[max(0, len(heard) - wanted) :])
        self._preroll = FrameRun(self._position)
        self._open = Utterance(
            run,
            voiced_sample,
            speech_end_sample=self._position,
            unbroken_from=run.start,
            continued=self._resumed,
        )
        self._open.add_voice(self._position - voiced_sample, probability)
        self._resumed = False
        candidate = SpeechCandidate(self._next_id, run.start, voiced_sample)
        return [candidate, *self._confirmation(self._open)]

    def _hear_voice(
        self, utterance: Utterance, start: int, probability: float
    ) -> list[EndpointEvent]:
        utterance.add_voice(self._position - start, probability)
        utterance.speech_end_sample = self._position
        if utterance.pausing:
            utterance.pausing = False
            return [SpeechResumed(self._next_id, start), *self._confirmation(utterance)]
        return self._confirmation(utterance)

    def _hear_pause(self, utterance: Utterance) -> list[EndpointEvent]:
        if utterance.pausing or not self._worth_a_text(utterance):
            return []
        utterance.pausing = True
        end, prepare_at = utterance.speech_end_sample, None
        if self._prepare_after:
            prepare_at = end + self._prepare_after
        pause = PauseBegun(self._next_id, end, prepare_at)
        return [*self._confirmation(utterance, is_word=True), pause]

    def _confirmation(
        self, utterance: Utterance, *, is_word: bool = False
    ) -> list[EndpointEvent]:
        """The confirmation of speech, once: when it has lasted, or was a short word."""
        lasted = utterance.voiced_samples >= self._confirm
        if utterance.confirmed or not (lasted or (is_word and self._confirms_words)):
            return []
        utterance.confirmed = True
        start, voiced = utterance.run.start, utterance.voiced_sample
        return [SpeechConfirmed(self._next_id, start, voiced)]

    def _worth_a_text(self, utterance: Utterance) -> bool:
        if utterance.continued:
            return utterance.speech_end_sample > utterance.voiced_sample
        if utterance.voiced_samples < self._shortest:
            return False
        is_certain = utterance.peak_probability >= self._certain
        # A minimum of 0 is for speech that was detected elsewhere.
        return (
            is_certain or not self._shortest or utterance.voiced_samples >= self._brief
        )

    def _end(self, reason: EndReason) -> list[EndpointEvent]:
        utterance, self._open = self._open, None
        assert utterance is not None  # noqa: S101 - for the type checker
        run, end = utterance.run, utterance.speech_end_sample
        if not self._worth_a_text(utterance):
            self._preroll = run
            return [CandidateDropped(self._next_id, run.start, end)]
        samples = run.samples()
        keep = min(len(samples), end - run.start + self._tail)
        self._preroll = FrameRun(self._position, samples[keep:])
        return [self._ended(utterance, samples[:keep], end, reason)]

    def _cut(self, utterance: Utterance) -> list[EndpointEvent]:
        """End it at its quietest late point; the rest opens the next one."""
        run = utterance.run
        samples = run.samples()
        search = int(len(samples) * _CUT_SEARCH_SHARE)
        at = len(samples) - search + quietest_sample(samples[-search:])
        cut = run.start + at
        spoken_until = min(utterance.speech_end_sample, cut)
        event: EndpointEvent
        if spoken_until > utterance.voiced_sample:
            before = samples[:at].copy()
            event = self._ended(utterance, before, spoken_until, EndReason.LIMIT)
        else:
            end = utterance.speech_end_sample
            event = CandidateDropped(self._next_id, run.start, end)
        utterance.run = FrameRun(self._position, samples[at:])
        utterance.voiced_sample = max(utterance.voiced_sample, cut)
        utterance.continued = utterance.confirmed = True
        utterance.pausing = False
        return [event, SpeechContinued(self._next_id, cut, utterance.voiced_sample)]

    def _ended(
        self, utterance: Utterance, samples: Samples, end: int, reason: EndReason
    ) -> UtteranceEnded:
        number, self._next_id = self._next_id, self._next_id + 1
        probability = utterance.voice_probability
        start = utterance.run.start
        voiced_seconds = utterance.voiced_seconds
        return UtteranceEnded(
            number, samples, start, end, reason, probability, voiced_seconds
        )


def _samples(seconds: float) -> int:
    return int(np.ceil(seconds * SPEECH_RATE_HZ))
