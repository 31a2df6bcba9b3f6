"""The level of the speech in one stream, so that quiet speech is detected as well.

All levels are the root mean square of a frame, 0 to 1.
"""

from __future__ import annotations

_WANTED_RMS = 0.05
"""The level of ordinary speech (-26 dBFS), with which Silero was trained."""
_MOST_GAIN = 100.0
"""40 dB: what is still quieter is the rounding noise of 16-bit audio."""
_MOST_GAIN_BEFORE_SPEECH = 10.0
"""20 dB: enough for the detector to find the speech whose level is then known."""
_SPEECH = 0.5
"""Silero's own threshold for speech."""
_FOLLOWING_SECONDS = 1.0
"""Of speech, in which the level goes half of the way to a new one, in decibels."""
_RANGE = 10 ** (-35 / 20)
"""The softest sounds of words are within 35 dB of their mean level."""
_FLOOR_FALL = 10 ** (-20 / 20)
"""A second: so fast the floor makes room for a second, quieter speaker."""
_LOUDEST_FALL = 10 ** (-8 / 20)
"""A second: so fast the loudest sound before any speech is forgotten."""
_LEAST_RMS = 1e-6
_ROUNDING_RMS = 1e-5
"""The rounding noise of 16-bit audio. The detector remembers speech for a second in
digital silence, which must not lengthen an utterance."""


class SpeechLevel:
    """Follows the frames that are speech. Noise does not change the level."""

    def __init__(self, silence_rms: float, frame_seconds: float) -> None:
        """Frames below `silence_rms` are never speech, whatever the stream's level."""
        self._silence_rms = silence_rms
        self._step = 1 - 2.0 ** (-frame_seconds / _FOLLOWING_SECONDS)
        self._floor_fall = _FLOOR_FALL**frame_seconds
        self._loudest_fall = _LOUDEST_FALL**frame_seconds
        self._speech_rms: float | None = None
        self._floor_rms = 0.0
        self._loudest_rms = 0.0

    def gain(self, frame_rms: float) -> float:
        """The factor, 1 to 100, with which to detect speech in a frame of this level."""
        if self._speech_rms is None:
            level, most = max(self._loudest_rms, frame_rms), _MOST_GAIN_BEFORE_SPEECH
        else:
            level, most = max(self._speech_rms, frame_rms), _MOST_GAIN
        return min(max(1.0, _WANTED_RMS / max(level, _LEAST_RMS)), most)

    def too_quiet(self, frame_rms: float) -> bool:
        """Whether this is silence next to the latest speech: its echo, or the
        detector's memory of it."""
        return frame_rms < max(self._silence_rms, self._floor_rms, _ROUNDING_RMS)

    def hear(self, frame_rms: float, probability: float) -> None:
        """Learn from a frame; `probability`, 0 to 1, says how surely it is speech."""
        self._loudest_rms = max(frame_rms, self._loudest_rms * self._loudest_fall)
        self._floor_rms *= self._floor_fall
        if probability < _SPEECH:
            return
        level = max(frame_rms, _LEAST_RMS)
        before = self._speech_rms or level
        # The mean of decibels: one loud sound must not hide the words after it.
        self._speech_rms = before ** (1 - self._step) * level**self._step
        self._floor_rms = self._speech_rms * _RANGE
