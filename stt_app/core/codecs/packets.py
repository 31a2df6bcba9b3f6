"""What the demuxers of containers give: heads and packets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Packet = bytes
"""One packet of a codec."""
MOST_PACKET_BYTES = 64 * 1024


@dataclass(frozen=True)
class Head:
    """The decoding parameters of a stream."""

    codec: Literal["opus", "aac"]
    data: bytes
    """As FFmpeg wants them: an Opus head (RFC 7845), or an AudioSpecificConfig of
    MPEG-4."""


class Demuxer(Protocol):
    """Demuxes a container."""

    def push(self, data: bytes) -> list[Head | Packet]:
        """What has come to its end: first a head, then its packets.

        `data` are the container's bytes, split anywhere. Raises UnsupportedAudio.
        """
