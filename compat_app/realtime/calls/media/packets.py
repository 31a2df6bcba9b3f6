"""The packets of the caller's audio in their order, without waiting for late ones."""

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

    That one holds every packet back for 80 ms, and after each lost one for 320 ms from
    then on, as a loudspeaker needs it. Speech recognition needs no even pace: here each
    packet is decoded when it comes, and one that is late counts as lost. An Opus packet is
    always a whole frame.
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
    """Of sequence numbers, which begin again after 65,535."""
    return 0 < (number - other) % (1 << 16) < _HALF
