"""The audio of replies in frames of 20 ms, and how far each reply was played."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from common.audio import Resampler, Samples

RATE_HZ = 48_000
FRAME_SAMPLES = RATE_HZ // 50
"""20 ms."""
PCM16_FULL_SCALE = 32_767
REPORT_SECONDS = 0.1
CALLER_BUFFER_SECONDS = 0.06
"""Estimated delay from sending to the caller's loudspeaker: a good network and the jitter
buffer of a browser."""

Frame = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Started:
    """The first audio of the response is sent."""

    response_id: str


@dataclass(frozen=True)
class Played:
    """How much of the response the caller has heard."""

    response_id: str
    seconds: float


@dataclass(frozen=True)
class Stopped:
    """All audio of the response was sent."""

    response_id: str


@dataclass(frozen=True)
class Cleared:
    """The rest of the response is not sent."""

    response_id: str


PlaybackEvent = Started | Played | Stopped | Cleared


@dataclass
class _Track:
    """The audio of one response that is still to be sent."""

    response_id: str
    pieces: deque[Frame] = field(default_factory=deque)
    waiting: int = 0
    """Samples in the pieces."""
    sent: int = 0
    reported: int = 0
    resampler: Resampler | None = None
    rate_hz: int = 0
    is_complete: bool = False

    def put(self, samples: Samples, rate_hz: int) -> None:
        if self.resampler is None or rate_hz != self.rate_hz:
            self.resampler, self.rate_hz = Resampler(rate_hz, RATE_HZ), rate_hz
        self._add(self.resampler.push(samples))

    def complete(self) -> None:
        self.is_complete = True
        if self.resampler is not None:
            self._add(self.resampler.push(np.zeros(0, np.float32), last=True))

    def take(self) -> Frame:
        """The next frame, filled up with silence."""
        frame, at = np.zeros(FRAME_SAMPLES, np.int16), 0
        while at < FRAME_SAMPLES and self.pieces:
            piece = self.pieces.popleft()
            part = piece[: FRAME_SAMPLES - at]
            frame[at : at + len(part)] = part
            at += len(part)
            if len(part) < len(piece):
                self.pieces.appendleft(piece[len(part) :])
        self.waiting -= at
        self.sent += at
        return frame

    def _add(self, samples: Samples) -> None:
        if len(samples):
            clipped = np.clip(samples, -1.0, 1.0) * PCM16_FULL_SCALE
            self.pieces.append(np.round(clipped).astype(np.int16))
            self.waiting += len(samples)


class Playback:
    """Plays replies one after the other. `next_frame` must be called every 20 ms.

    `tell` is called with each event; it must not block.
    """

    def __init__(self, tell: Callable[[PlaybackEvent], None]) -> None:
        self._tell = tell
        self._tracks: dict[str, _Track] = {}
        self._is_paused = False

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to play."""
        return not self._tracks

    def put(self, response_id: str, samples: Samples, rate_hz: int) -> None:
        """The next audio of a response: mono float32 in [-1, 1], shape (n,)."""
        track = self._tracks.setdefault(response_id, _Track(response_id))
        track.put(samples, rate_hz)

    def complete(self, response_id: str) -> None:
        """There is no more audio of this response."""
        if (track := self._tracks.get(response_id)) is not None:
            track.complete()

    def pause(self) -> None:
        """Silence until `resume` or `clear`."""
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False

    def clear(self, response_id: str = "") -> None:
        """Drop the rest of a response, or of all of them, and end a pause."""
        self._is_paused = False
        for each in [response_id] if response_id else list(self._tracks):
            self.drop(each)

    def drop(self, response_id: str) -> None:
        """Drop the rest of a response; a pause goes on."""
        track = self._tracks.pop(response_id, None)
        if track is not None and track.sent:
            self._report(track)
            self._tell(Cleared(response_id))

    def next_frame(self) -> Frame | None:
        """20 ms of mono PCM16 at 48 kHz, shape (960,); None is silence."""
        if self._is_paused or not self._tracks:
            return None
        track = next(iter(self._tracks.values()))
        if not track.waiting:
            self._end_if_complete(track)
            return None
        if not track.sent:
            self._tell(Started(track.response_id))
        frame = track.take()
        if track.sent - track.reported >= REPORT_SECONDS * RATE_HZ:
            self._report(track)
        return frame

    def _end_if_complete(self, track: _Track) -> None:
        if not track.is_complete:
            return
        del self._tracks[track.response_id]
        if track.sent:
            self._tell(Stopped(track.response_id))

    def _report(self, track: _Track) -> None:
        track.reported = track.sent
        seconds = track.sent / RATE_HZ - CALLER_BUFFER_SECONDS
        self._tell(Played(track.response_id, max(0.0, seconds)))
