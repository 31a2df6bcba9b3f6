"""WAV headers, read from a stream and written."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from common.errors import UnsupportedAudio
from stt_app.core.codecs.decoders import Encoding

RIFF = b"RIFF"
HEADER_BYTES = 44
UNKNOWN_BYTES = 0xFFFFFFFF
"""The size of audio whose end is not known yet; players read to the end."""
_BEFORE_CHUNKS_BYTES = 12
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_TAGS: dict[Encoding, tuple[int, int]] = {
    "pcm_s16le": (1, 16),
    "pcm_f32le": (3, 32),
    "alaw": (6, 8),
    "mulaw": (7, 8),
}
"""Format tag and bits per sample (RFC 2361)."""
_ENCODINGS = {
    **{tag: encoding for encoding, tag in _TAGS.items()},
    (0xFFFE, 16): "pcm_s16le",
}
_RATES_HZ = range(8_000, 48_001)


@dataclass(frozen=True)
class WavFormat:
    """What a WAV header says about the audio after it."""

    encoding: Encoding
    channels: int
    rate_hz: int

    def header(self, audio_bytes: int = UNKNOWN_BYTES) -> bytes:
        """The header for that much audio, HEADER_BYTES long."""
        tag, bits = _TAGS[self.encoding]
        width = bits // 8 * self.channels
        whole = min(audio_bytes + HEADER_BYTES - _CHUNK.size, UNKNOWN_BYTES)
        fields = (tag, self.channels, self.rate_hz, self.rate_hz * width, width, bits)
        return (
            _CHUNK.pack(RIFF, whole)
            + b"WAVE"
            + _CHUNK.pack(b"fmt ", _FORMAT.size)
            + _FORMAT.pack(*fields)
            + _CHUNK.pack(b"data", min(audio_bytes, UNKNOWN_BYTES))
        )


def is_raw(encoding: Encoding | None) -> bool:
    """Whether audio in this encoding has no container."""
    return encoding in _TAGS


def read_wav_header(start: bytes) -> tuple[WavFormat, int] | None:
    """The format and the length of a WAV header; None until it is complete.

    Raises UnsupportedAudio for anything but PCM16, 32-bit floats, mu-law and A-law.
    """
    found: WavFormat | None = None
    at = _BEFORE_CHUNKS_BYTES
    while at + _CHUNK.size <= len(start):
        name, size = _CHUNK.unpack_from(start, at)
        at += _CHUNK.size
        if name == b"data":
            if found is None:
                raise UnsupportedAudio(
                    "The WAV header has no format.", field="encoding"
                )
            return found, at
        if name == b"fmt ":
            if at + _FORMAT.size > len(start):
                return None
            found = _format(*_FORMAT.unpack_from(start, at))
        at += size + size % 2
    return None


def _format(
    tag: int, channels: int, rate_hz: int, _rate: int, _width: int, bits: int
) -> WavFormat:
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None or rate_hz not in _RATES_HZ:
        raise UnsupportedAudio(
            f"WAV with format {tag}, {bits} bits and {rate_hz} Hz is not supported "
            "live; send 16-bit PCM at 8000 to 48000 Hz.",
            field="encoding",
        )
    return WavFormat(encoding, channels, rate_hz)
