"""The caller's audio as it comes, made mono and without holes."""

from __future__ import annotations

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from compat_app.realtime.calls.peers import PeerListener
from compat_app.realtime.calls.playback import RATE_HZ

LONGEST_HOLE = 2 * RATE_HZ
"""More is missing only where the caller stopped sending."""


class Hearing:
    """Turns decoded frames into mono PCM16 at 48 kHz."""

    def __init__(self) -> None:
        self._next: int | None = None
        """Where the next frame should begin."""

    def mono(self, frame: AudioFrame) -> bytes:
        """Its audio, after silence in place of what was lost before it."""
        samples = frame.to_ndarray().reshape(frame.samples, -1)
        mono = bytes(samples.mean(axis=1).astype("<i2").tobytes())
        begins = frame.pts or 0
        hole = begins - self._next if self._next is not None else 0
        self._next = begins + frame.samples
        return bytes(2 * hole) + mono if 0 < hole <= LONGEST_HOLE else mono


async def hear(track: MediaStreamTrack, listener: PeerListener) -> None:
    """Pass all audio of the track on, until it ends."""
    hearing = Hearing()
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, AudioFrame):
            listener.heard(hearing.mono(frame))
