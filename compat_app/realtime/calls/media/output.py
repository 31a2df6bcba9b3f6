"""The audio track that a caller hears."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from compat_app.realtime.calls.playback import FRAME_SAMPLES, RATE_HZ, Playback

FRAME_SECONDS = FRAME_SAMPLES / RATE_HZ
MOST_LATE_SECONDS = 0.2
"""When the track falls behind by more, it skips the time in between."""
_SILENCE = np.zeros(FRAME_SAMPLES, np.int16)


class OutputTrack(MediaStreamTrack):
    """A frame every 20 ms: audio of replies, or silence."""

    kind = "audio"

    def __init__(self, playback: Playback) -> None:
        super().__init__()
        self._playback = playback
        self._pts = 0
        self._due: float | None = None

    async def recv(self) -> AudioFrame:
        """The next frame, when it is due. Raises MediaStreamError after the end."""
        if self.readyState != "live":
            raise MediaStreamError
        await self._wait()
        samples = self._playback.next_frame()
        if samples is None:
            samples = _SILENCE
        frame = AudioFrame.from_ndarray(samples[np.newaxis], "s16", "mono")
        frame.sample_rate = RATE_HZ
        frame.pts, frame.time_base = self._pts, Fraction(1, RATE_HZ)
        self._pts += FRAME_SAMPLES
        return frame

    async def _wait(self) -> None:
        now = asyncio.get_running_loop().time()
        due = now if self._due is None else self._due + FRAME_SECONDS
        if now - due > MOST_LATE_SECONDS:
            due = now
        self._due = due
        if due > now:
            await asyncio.sleep(due - now)
