"""Receives the caller's audio as mono, with silence in place of lost packets."""

from __future__ import annotations

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from compat_app.realtime.calls.peers import PeerListener
from compat_app.realtime.calls.playback import RATE_HZ

LONGEST_GAP = 2 * RATE_HZ
"""In samples. A longer gap means that the caller stopped sending, not that packets were
lost."""


class GapFiller:
    """Turns decoded frames into mono PCM16 at 48 kHz."""

    def __init__(self) -> None:
        self._next: int | None = None
        """The timestamp that the next frame should have, in samples."""

    def mono(self, frame: AudioFrame) -> bytes:
        """Its audio as mono PCM16, after silence for what was lost before it."""
        samples = frame.to_ndarray().reshape(frame.samples, -1)
        mono = bytes(samples.mean(axis=1).astype("<i2").tobytes())
        begins = frame.pts or 0
        gap = begins - self._next if self._next is not None else 0
        self._next = begins + frame.samples
        return bytes(2 * gap) + mono if 0 < gap <= LONGEST_GAP else mono


async def hear(track: MediaStreamTrack, listener: PeerListener) -> None:
    """Pass the audio of the track to the listener until it ends."""
    filler = GapFiller()
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, AudioFrame):
            listener.heard(filler.mono(frame))
