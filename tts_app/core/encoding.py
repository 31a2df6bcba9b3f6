"""Audio formats: one encoder for each answer, fed as the audio is made.

`wav` starts with a header whose sizes are 0xFFFFFFFF ("until the end"), because
the length is not known when the header is sent; players, browsers, FFmpeg and
Python's `wave` read it so. The other formats go through PyAV into a sink that
cannot seek, which keeps their containers streamable.
"""

from __future__ import annotations

import io
import struct
from typing import Any, Protocol

import numpy as np

from common.audio import PCM16_BYTES, Samples, float_to_pcm16

UNKNOWN_SIZE = 0xFFFFFFFF
SLICE_SECONDS = 0.25
"""What is encoded at a time, so that the event loop never waits long."""
ENCODED_RATE_HZ = 48_000
"""Opus knows only this one; for MP3 and AAC it keeps the padding of frames short."""


class Encoder(Protocol):
    """Samples in, bytes of one file out."""

    content_type: str
    rate_hz: int
    """The rate that a player sees."""

    def encode(self, samples: Samples) -> bytes:
        """The bytes that are ready, perhaps none."""

    def finish(self) -> bytes:
        """The rest. Call it once."""

    def close(self) -> None:
        """Free the codec without finishing; safe to call twice and after `finish`."""


class PcmEncoder:
    """PCM16, without a header."""

    content_type = "audio/pcm"

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.content_type = f"audio/pcm;rate={rate_hz};channels=1"

    def encode(self, samples: Samples) -> bytes:
        return float_to_pcm16(samples)

    def finish(self) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing to free."""


class WavEncoder(PcmEncoder):
    """PCM16 after a header."""

    def __init__(self, rate_hz: int) -> None:
        super().__init__(rate_hz)
        self.content_type = "audio/wav"
        self._header = _wav_header(rate_hz)

    def encode(self, samples: Samples) -> bytes:
        header, self._header = self._header, b""
        return header + super().encode(samples)

    def finish(self) -> bytes:
        header, self._header = self._header, b""
        return header


def _wav_header(rate_hz: int) -> bytes:
    bytes_a_second = rate_hz * PCM16_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", UNKNOWN_SIZE, b"WAVE", b"fmt ", 16, 1, 1),
        *(rate_hz, bytes_a_second, PCM16_BYTES, 16, b"data", UNKNOWN_SIZE),
    )


class _Sink(io.RawIOBase):
    """Takes what the container writes; it cannot seek, as a response cannot."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        written = bytes(self._written)
        self._written.clear()
        return written


class _Codec:
    """How PyAV makes one format."""

    def __init__(
        self,
        content_type: str,
        container: str,
        codec: str,
        sample_format: str,
        *,
        rate_hz: int = ENCODED_RATE_HZ,
        bit_rate: int = 0,
        options: dict[str, str] | None = None,
    ) -> None:
        self.content_type = content_type
        self.container = container
        self.codec = codec
        self.sample_format = sample_format
        self.rate_hz = rate_hz
        self.bit_rate = bit_rate
        self.options = {"flush_packets": "1", **(options or {})}


_CODECS = {
    "mp3": _Codec(
        "audio/mpeg",
        *("mp3", "libmp3lame", "s16p"),
        bit_rate=96_000,
        # Without seeking, the frame that tells the length could only be wrong.
        options={"write_xing": "0", "id3v2_version": "0"},
    ),
    "opus": _Codec(
        "audio/ogg",
        *("ogg", "libopus", "s16"),
        bit_rate=48_000,
        options={"page_duration": "20000"},
    ),
    "aac": _Codec("audio/aac", "adts", "aac", "fltp", bit_rate=96_000),
    "flac": _Codec("audio/flac", "flac", "flac", "s16", rate_hz=0),
}


class CodecEncoder:
    """MP3, Opus in Ogg, AAC in ADTS, or FLAC."""

    def __init__(self, codec: _Codec, rate_hz: int) -> None:
        import av

        self._av = av
        self._from_hz = rate_hz
        self.rate_hz = codec.rate_hz or rate_hz
        self.content_type = codec.content_type
        self._sink = _Sink()
        self._container: Any = av.open(
            self._sink, "w", format=codec.container, options=codec.options
        )
        stream: Any = self._container.add_stream(
            codec.codec, rate=self.rate_hz, layout="mono", format=codec.sample_format
        )
        if codec.bit_rate:
            stream.bit_rate = codec.bit_rate
        self._stream = stream
        self._resampler = av.AudioResampler(codec.sample_format, "mono", self.rate_hz)
        self._position = 0

    def encode(self, samples: Samples) -> bytes:
        if not len(samples):
            return b""
        plane = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(plane, format="flt", layout="mono")
        frame.sample_rate = self._from_hz
        frame.pts = self._position
        self._position += len(samples)
        self._mux(frame)
        return self._sink.take()

    def finish(self) -> bytes:
        if self._position:
            self._mux(None)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self.close()
        return self._sink.take()

    def close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def _mux(self, frame: Any) -> None:
        for resampled in self._resampler.resample(frame):
            for packet in self._stream.encode(resampled):
                self._container.mux(packet)


FORMATS = ("wav", "mp3", "opus", "aac", "flac", "pcm")


def make_encoder(audio_format: str, rate_hz: int) -> Encoder:
    """An encoder for one of FORMATS; `rate_hz` is that of the samples."""
    if audio_format == "wav":
        return WavEncoder(rate_hz)
    if audio_format == "pcm":
        return PcmEncoder(rate_hz)
    return CodecEncoder(_CODECS[audio_format], rate_hz)
