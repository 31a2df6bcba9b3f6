"""Passes on the packets of the caller's audio in order, without waiting for late ones."""

from __future__ import annotations

from typing import Protocol

from aiortc.jitterbuffer import JitterFrame

_HALF = 1 << 15


class _Packet(Protocol):
    sequence_number: int
    timestamp: int
    _data: bytes


class PromptBuffer:
    """Takes the place of aiortc's jitter buffer for audio.

    That one delays every packet by 80 ms, and from the first lost one on by 320 ms, which
    playback on a loudspeaker needs. Speech recognition needs no even pace: each packet is
    decoded as soon as it arrives, and one that comes late counts as lost. An Opus packet
    is always a whole frame.
    """

    def __init__(self) -> None:
        self._newest: int | None = None

    def add(self, packet: _Packet) -> tuple[bool, JitterFrame | None]:
        """Whether a key frame is needed (never), and what to decode now."""
        number = packet.sequence_number
        if self._newest is not None and not _is_after(number, self._newest):
            return False, None
        self._newest = number
        return False, JitterFrame(data=packet._data, timestamp=packet.timestamp)


def _is_after(number: int, other: int) -> bool:
    """Whether one sequence number follows another; they wrap around after 65,535."""
    return 0 < (number - other) % (1 << 16) < _HALF
