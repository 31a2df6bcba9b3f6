"""Reads how the audio of an MP4 is coded: AAC (ISO/IEC 14496-1 and -3) or Opus."""

from __future__ import annotations

import struct

from common.errors import UnsupportedAudio
from stt_app.core.codecs.opus_packets import OPUS_HEAD, opus_head
from stt_app.core.codecs.packets import Head

AAC, OPUS = b"mp4a", b"Opus"
CODECS = (AAC, OPUS)

_ENTRY_BYTES = 28
_QUICKTIME_BYTES = {1: 16, 2: 36}
"""What further versions of QuickTime's description add."""
_STREAM, _CONFIGURATION, _SPECIFIC = 3, 4, 5
_AAC_OBJECTS = (0x40, 0x66, 0x67, 0x68)
_SPOKEN_TYPES = (2, 5, 29)
"""AAC-LC, HE-AAC and HE-AAC v2; FFmpeg's decoder reads far more than browsers write."""
_MOST_CONFIG_BYTES = 64


def codec_head(codec: bytes, entry: bytes) -> Head:
    """What the decoder needs, from the content of a sample description.

    `codec` is one of CODECS. Raises UnsupportedAudio.
    """
    try:
        version = struct.unpack_from(">H", entry, 8)[0]
        parts = entry[_ENTRY_BYTES + _QUICKTIME_BYTES.get(version, 0) :]
        return _aac_head(parts) if codec == AAC else _opus_head(parts)
    except (struct.error, IndexError) as error:
        raise _unknown() from error


def _part(data: bytes, wanted: bytes) -> bytes:
    """The content of the first box of that kind, also inside QuickTime's `wave`."""
    at = data.find(wanted)
    if at < 4:
        raise _unknown()
    size = int.from_bytes(data[at - 4 : at], "big")
    return data[at + 4 : at - 4 + size]


def _aac_head(parts: bytes) -> Head:
    descriptor = _descriptor(_part(parts, b"esds")[4:], _STREAM)
    flags = descriptor[2]
    # A dependence, an address and a clock may follow; no recorder writes them.
    if flags & 0xE0:
        raise _unknown()
    configuration = _descriptor(descriptor[3:], _CONFIGURATION)
    if configuration[0] not in _AAC_OBJECTS:
        raise _unknown()
    specific = _descriptor(configuration[13:], _SPECIFIC)
    if not 2 <= len(specific) <= _MOST_CONFIG_BYTES:
        raise _unknown()
    if specific[0] >> 3 not in _SPOKEN_TYPES:
        raise _unknown()
    return Head("aac", specific)


def _descriptor(data: bytes, tag: int) -> bytes:
    """The content of the descriptor with this tag, which is the first."""
    if data[0] != tag:
        raise _unknown()
    at, size = 1, 0
    for _ in range(4):
        byte = data[at]
        at, size = at + 1, size << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return data[at : at + size]


def _opus_head(parts: bytes) -> Head:
    """MP4 has the numbers of an Opus head in the other byte order, and no magic."""
    box = _part(parts, b"dOps")
    channels, preskip, rate_hz, gain, family = struct.unpack_from(">xBHIhB", box)
    head = OPUS_HEAD + struct.pack(
        "<BBHIhB", 1, channels, preskip, rate_hz, gain, family
    )
    return opus_head(head + box[11:])


def _unknown() -> UnsupportedAudio:
    return UnsupportedAudio(
        "The MP4 stream holds neither AAC-LC nor HE-AAC nor Opus.", field="encoding"
    )
