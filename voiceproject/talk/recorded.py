"""The latest audio of the microphone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from common.audio import Samples, float_to_pcm16

KEPT_FRAMES = 6_000
"""2 minutes."""
_ROUNDING_MS = 5.0
"""The server counts in whole milliseconds; frames are longer than that."""


@dataclass(frozen=True)
class _Frame:
    end_ms: float
    """In the audio."""
    at: float
    pcm: bytes


class Recorded:
    """Keeps it for a server that has not received it, with the times."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._frames: deque[_Frame] = deque(maxlen=KEPT_FRAMES)
        self._end_ms = 0.0

    def add(self, frame: Samples, at: float) -> bytes:
        """It was recorded at that time. Returns it as PCM16."""
        self._end_ms += 1000 * len(frame) / self._rate_hz
        self._frames.append(_Frame(self._end_ms, at, float_to_pcm16(frame)))
        return self._frames[-1].pcm

    def captured(self, position_ms: float) -> float | None:
        """When that position of the audio was recorded; None if it was not yet."""
        for frame in self._frames:
            if frame.end_ms >= position_ms:
                return frame.at - (frame.end_ms - position_ms) / 1000
        return None

    def after(self, position_ms: float) -> list[bytes]:
        """The frames behind that position, as PCM16."""
        received_ms = position_ms + _ROUNDING_MS
        return [each.pcm for each in self._frames if each.end_ms > received_ms]
