"""Voice activity that was detected elsewhere: all of the audio is one utterance."""

from __future__ import annotations

from dataclasses import dataclass

from common.audio import Samples

LOWEST_THRESHOLD = 0.05
"""The `vad_threshold` to use with it, so that every frame counts as speech."""
_LEAST_PROBABILITY = 0.1


@dataclass(frozen=True)
class GivenVoice:
    """A VadModel, and the detector of its streams."""

    mean_probability: float
    """What the detector elsewhere found, 0 to 1."""

    def start(self) -> None:
        """There is nothing to load."""

    def detector(self, silence_rms_threshold: float) -> GivenVoice:
        return self

    def probability(self, frame: Samples) -> float:
        """The same for each frame."""
        return min(1.0, max(_LEAST_PROBABILITY, self.mean_probability))
