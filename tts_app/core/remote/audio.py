"""The audio in a server's answer: PCM16 as it comes, with or without a WAV header."""

from __future__ import annotations

import re
import struct

import numpy as np

from common.audio import PCM16_BYTES, Resampler, Samples, pcm16_to_float
from common.remote.failures import Garbled

_RIFF = b"RIFF"
_RIFF_BYTES = 12
_CHUNK_HEAD_BYTES = 8
_LONGEST_HEADER_BYTES = 64 * 1024
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_PCM_FORMATS = (1, 0xFFFE)
_RATES_HZ = range(4_000, 192_001)
_OTHER_TYPES = re.compile(
    r"text/|application/(json|xml|problem)|audio/(mpeg|mp3|ogg|opus|aac|flac|webm|mp4)"
)


class PcmReader:
    """Bytes of an answer in, samples out: mono float32 in [-1, 1] at `rate_hz`."""

    def __init__(self, content_type: str, stated_hz: int, rate_hz: int) -> None:
        """`stated_hz` is the rate of PCM whose type and header name none.

        Raises Garbled for a type that is not PCM.
        """
        if _OTHER_TYPES.match(content_type):
            raise Garbled(f"sent {content_type[:60]} and not PCM audio")
        named = re.search(r"\brate=(\d{4,6})", content_type)
        self._from_hz = int(named[1]) if named else stated_hz
        self._rate_hz = rate_hz
        self._channels = 1
        self._held = b""
        self._left_bytes: int | None = None
        """Of the data of a WAV file whose header says how much it is."""
        self._header_read = False
        self._resampler: Resampler | None = None

    def push(self, data: bytes) -> Samples:
        """The samples that are complete. Raises Garbled for a header that is not PCM16."""
        self._held += data
        if not self._header_read and not self._read_header():
            return np.zeros(0, np.float32)
        frame_bytes = PCM16_BYTES * self._channels
        usable = len(self._held)
        if self._left_bytes is not None:
            usable = min(usable, self._left_bytes)
        whole = usable - usable % frame_bytes
        pcm, self._held = self._held[:whole], self._held[whole:]
        if self._left_bytes is not None:
            self._left_bytes -= whole
            # What follows the data of a file is not audio.
            self._held = self._held[: self._left_bytes]
        return self._resampled(self._mono(pcm))

    def finish(self) -> Samples:
        """The last samples. Raises Garbled for a header without audio."""
        if not self._header_read and self._held.startswith(_RIFF):
            raise Garbled("sent a WAV file without audio")
        rest = self.push(b"") if self._header_read else self._short_rest()
        if self._resampler is None:
            return rest
        return np.concatenate([rest, self._resampler.push(rest[:0], last=True)])

    def _short_rest(self) -> Samples:
        """PCM that is shorter than a header."""
        self._header_read = True
        return self.push(b"")

    def _mono(self, pcm: bytes) -> Samples:
        samples = pcm16_to_float(pcm)
        if self._channels == 1:
            return samples
        mixed: Samples = samples.reshape(-1, self._channels).mean(axis=1)
        return mixed

    def _resampled(self, samples: Samples) -> Samples:
        if self._from_hz == self._rate_hz:
            return samples
        if self._resampler is None:
            self._resampler = Resampler(self._from_hz, self._rate_hz)
        return self._resampler.push(samples)

    def _read_header(self) -> bool:
        """Whether the beginning is complete; a server may send WAV unasked."""
        held = self._held
        if len(held) < _RIFF_BYTES and held[:4] == _RIFF[: len(held[:4])]:
            return False
        if not held.startswith(_RIFF):
            self._header_read = True
            return True
        at = _RIFF_BYTES
        while len(held) >= at + _CHUNK_HEAD_BYTES:
            name, size = struct.unpack_from("<4sI", held, at)
            at += _CHUNK_HEAD_BYTES
            if name == b"data":
                self._left_bytes = None if size in _UNKNOWN_SIZES else size
                self._held, self._header_read = held[at:], True
                return True
            if name == b"fmt " and len(held) >= at + 16:
                self._read_format(held, at)
            at += size + size % 2
        if len(held) > _LONGEST_HEADER_BYTES:
            raise Garbled("sent a WAV file whose header never ends")
        return False

    def _read_format(self, held: bytes, at: int) -> None:
        kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", held, at)
        is_pcm16 = kind in _PCM_FORMATS and bits == 8 * PCM16_BYTES
        if not is_pcm16 or not 1 <= channels <= 8 or rate_hz not in _RATES_HZ:
            raise Garbled(
                f"sent a WAV file of {bits} bits, {channels} channels and {rate_hz} Hz; "
                "only PCM of 16 bits is understood"
            )
        self._channels, self._from_hz = channels, rate_hz
