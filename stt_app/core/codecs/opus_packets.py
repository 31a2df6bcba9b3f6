"""Parses Opus packet headers and stream heads (RFC 6716, 7845)."""

from __future__ import annotations

from common.errors import UnsupportedAudio
from stt_app.core.codecs.packets import MOST_PACKET_BYTES, Head, Packet

OPUS_HEAD = b"OpusHead"
MOST_PACKET_SAMPLES = 5_760
"""120 ms at 48 kHz."""

_HEAD_BYTES = 19
_MOST_CHANNELS = 8


def opus_head(data: bytes) -> Head:
    """The head in these bytes. Raises UnsupportedAudio."""
    if len(data) < _HEAD_BYTES or not data.startswith(OPUS_HEAD):
        raise UnsupportedAudio("The Opus head is damaged.", field="encoding")
    version, channels = data[8], data[9]
    if version >> 4 or not 1 <= channels <= _MOST_CHANNELS:
        raise UnsupportedAudio(
            f"Opus version {version} with {channels} channels is not supported; "
            f"1 to {_MOST_CHANNELS} channels are.",
            field="encoding",
        )
    return Head("opus", data)


def packet_samples(packet: Packet) -> int:
    """The number of samples at 48 kHz in the packet; 0 if it is damaged."""
    if not packet or len(packet) > MOST_PACKET_BYTES:
        return 0
    code = packet[0] & 3
    if code == 3 and len(packet) < 2:
        return 0
    frames = (1, 2, 2, packet[1] & 63 if code == 3 else 0)[code]
    samples = frames * _frame_samples(packet[0] >> 3)
    return samples if samples <= MOST_PACKET_SAMPLES else 0


def _frame_samples(configuration: int) -> int:
    if configuration < 12:  # SILK: 10, 20, 40, 60 ms
        return (480, 960, 1_920, 2_880)[configuration & 3]
    if configuration < 16:  # hybrid: 10, 20 ms
        return (480, 960)[configuration & 1]
    return 120 << (configuration & 3)  # CELT: 2.5, 5, 10, 20 ms
