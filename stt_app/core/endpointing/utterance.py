"""The open utterance: its audio, and how much of it is speech."""

from __future__ import annotations

from dataclasses import dataclass

from common.audio import SPEECH_RATE_HZ, Samples
from stt_app.core.endpointing.frames import FrameRun


@dataclass(frozen=True, eq=False)
class OpenUtterance:
    """The open utterance so far."""

    utterance_id: int
    start_sample: int
    speech_end_sample: int
    """The current end of its speech."""
    samples: Samples
    """A copy: mono float32 at 16 kHz, from -1 to 1, shape (n,)."""
    voice_probability: float
    """Mean probability over the speech frames, 0 to 1."""
    voiced_seconds: float | None
    """The duration of the speech frames; None after a cut."""


@dataclass
class Utterance:
    """The segmenter's state of the open utterance."""

    run: FrameRun
    voiced_sample: int
    """The start of its first speech."""
    speech_end_sample: int
    unbroken_from: int
    """The start of the speech since the last pause."""
    continued: bool
    """The part after a cut continues a long utterance, so it is never too short."""
    probability_sum: float = 0.0
    peak_probability: float = 0.0
    voiced_frames: int = 0
    voiced_samples: int = 0
    """Without the pauses: two clicks are not a word."""
    confirmed: bool = False
    pausing: bool = False

    def add_voice(self, samples: int, probability: float) -> None:
        """Count a frame with speech."""
        self.probability_sum += probability
        self.peak_probability = max(self.peak_probability, probability)
        self.voiced_frames += 1
        self.voiced_samples += samples

    @property
    def voice_probability(self) -> float:
        return self.probability_sum / self.voiced_frames

    @property
    def voiced_seconds(self) -> float | None:
        """None after a cut: then it is no measure of how much was said."""
        return None if self.continued else self.voiced_samples / SPEECH_RATE_HZ

    def copy(self, utterance_id: int) -> OpenUtterance:
        """What has been heard of it so far."""
        return OpenUtterance(
            utterance_id,
            self.run.start,
            self.speech_end_sample,
            self.run.samples(),
            self.voice_probability,
            self.voiced_seconds,
        )
