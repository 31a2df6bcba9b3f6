"""Audio formats: one streaming encoder per answer.

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

from common.audio import PCM16_BYTES, Resampler, Samples, float_to_pcm16
from common.errors import BadValue

UNKNOWN_SIZE = 0xFFFFFFFF
RATES_HZ = range(8_000, 48_001)
"""From telephones to sound cards: other rates are not useful for speech."""
ENCODED_RATE_HZ = 48_000
"""Opus supports only this one; for MP3 and AAC it keeps the padding of frames short."""


class Encoder(Protocol):
    """Samples in, bytes of one file out."""

    content_type: str
    rate_hz: int
    """The sample rate that a player sees."""
    delay_seconds: float
    """Leading silence that the codec adds."""

    def encode(self, samples: Samples) -> bytes:
        """The encoded bytes, perhaps none. The samples are mono float32, clipped to
        [-1, 1].
        """

    def finish(self) -> bytes:
        """The rest. Call it once."""

    def close(self) -> None:
        """Free the codec without finishing; safe to call twice and after `finish`."""


class PcmEncoder:
    """PCM16, without a header."""

    content_type = "audio/pcm"
    delay_seconds = 0.0

    def __init__(self, from_hz: int, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.content_type = f"audio/pcm;rate={rate_hz};channels=1"
        self._resampler = Resampler(from_hz, rate_hz)

    def encode(self, samples: Samples) -> bytes:
        """PCM16 bytes, little-endian, mono at `rate_hz`, perhaps none.

        The samples are mono float32 in [-1, 1] at the voice's rate, shape (n,).
        """
        return float_to_pcm16(self._resampler.push(samples))

    def finish(self) -> bytes:
        nothing = np.zeros(0, np.float32)
        return float_to_pcm16(self._resampler.push(nothing, last=True))

    def close(self) -> None:
        """Nothing to free."""


class WavEncoder(PcmEncoder):
    """PCM16 after a header."""

    def __init__(self, from_hz: int, rate_hz: int) -> None:
        super().__init__(from_hz, rate_hz)
        self.content_type = "audio/wav"
        self._header = _wav_header(rate_hz)

    def encode(self, samples: Samples) -> bytes:
        """The same as PCM16, mono at `rate_hz`; the header comes first."""
        header, self._header = self._header, b""
        return header + super().encode(samples)

    def finish(self) -> bytes:
        header, self._header = self._header, b""
        return header + super().finish()


def _wav_header(rate_hz: int) -> bytes:
    bytes_a_second = rate_hz * PCM16_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", UNKNOWN_SIZE, b"WAVE", b"fmt ", 16, 1, 1),
        *(rate_hz, bytes_a_second, PCM16_BYTES, 16, b"data", UNKNOWN_SIZE),
    )


class _Sink(io.RawIOBase):
    """Receives the container's output; not seekable, like a response."""

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
    """PyAV's parameters for one format."""

    def __init__(
        self,
        content_type: str,
        container: str,
        codec: str,
        sample_format: str,
        *,
        rates_hz: tuple[int, ...] = (),
        bit_rate: int = 0,
        delay_samples: int = 0,
        options: dict[str, str] | None = None,
    ) -> None:
        self.content_type = content_type
        self.container = container
        self.codec = codec
        self.sample_format = sample_format
        self.rates_hz = rates_hz
        """Supported sample rates; empty means all."""
        self.bit_rate = bit_rate
        self.delay_samples = delay_samples
        self.options = {"flush_packets": "1", **(options or {})}


_MPEG_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

_CODECS = {
    "mp3": _Codec(
        "audio/mpeg",
        *("mp3", "libmp3lame", "s16p"),
        rates_hz=_MPEG_RATES_HZ,
        # More than speech needs, so that it sounds like the WAV.
        bit_rate=96_000,
        delay_samples=1_488,
        # Without seeking, the header frame with the length would be wrong.
        options={"write_xing": "0", "id3v2_version": "0"},
    ),
    "opus": _Codec(
        "audio/ogg",
        *("ogg", "libopus", "s16"),
        rates_hz=(8000, 12000, 16000, 24000, 48000),
        bit_rate=48_000,
        options={"page_duration": "20000"},
    ),
    "aac": _Codec(
        "audio/aac",
        *("adts", "aac", "fltp"),
        rates_hz=_MPEG_RATES_HZ,
        bit_rate=96_000,
        delay_samples=1_104,
    ),
    "flac": _Codec("audio/flac", "flac", "flac", "s16"),
}


class CodecEncoder:
    """MP3, Opus in Ogg, AAC in ADTS, or FLAC."""

    def __init__(self, codec: _Codec, from_hz: int, rate_hz: int) -> None:
        import av

        self._av = av
        self._from_hz = from_hz
        # Opus always plays at one rate, whatever its source.
        self.rate_hz = ENCODED_RATE_HZ if codec.codec == "libopus" else rate_hz
        self.delay_seconds = codec.delay_samples / rate_hz
        self.content_type = codec.content_type
        self._sink = _Sink()
        self._container: Any = av.open(
            self._sink, "w", format=codec.container, options=codec.options
        )
        stream: Any = self._container.add_stream(
            codec.codec, rate=rate_hz, layout="mono", format=codec.sample_format
        )
        if codec.bit_rate:
            stream.bit_rate = codec.bit_rate
        self._stream = stream
        self._resampler = av.AudioResampler(codec.sample_format, "mono", rate_hz)
        self._position = 0

    def encode(self, samples: Samples) -> bytes:
        """The container's bytes that are ready, perhaps none; mono.

        The samples are float32 in [-1, 1] at the voice's rate, shape (n,).
        """
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


def make_encoder(
    audio_format: str, from_hz: int, rate_hz: int | None = None
) -> Encoder:
    """An encoder for one of FORMATS; `from_hz` is the rate of the samples.

    Without `rate_hz` WAV, PCM and FLAC keep that rate. Raises BadValue for an unknown
    format, or a rate that it does not support.
    """
    check_encoding(audio_format, rate_hz)
    codec = _CODECS.get(audio_format)
    if codec is None:
        make = WavEncoder if audio_format == "wav" else PcmEncoder
        return make(from_hz, rate_hz or from_hz)
    usual = ENCODED_RATE_HZ if codec.rates_hz else from_hz
    return CodecEncoder(codec, from_hz, rate_hz or usual)


def check_encoding(audio_format: str, rate_hz: int | None) -> None:
    """Raises BadValue for a format not in FORMATS, or a rate that it does not
    support."""
    if audio_format not in FORMATS:
        raise BadValue(f"`format` is one of {', '.join(FORMATS)}.", field="format")
    if rate_hz is not None:
        _check_rate(audio_format, rate_hz)


def _check_rate(audio_format: str, rate_hz: int) -> None:
    """Raises BadValue for a rate that the format does not support."""
    codec = _CODECS.get(audio_format)
    rates = codec.rates_hz if codec else ()
    if rates and rate_hz not in rates:
        raise BadValue(
            f"`sample_rate` {rate_hz} is not supported by {audio_format}; use one of "
            f"{', '.join(map(str, rates))}.",
            field="sample_rate",
        )
    if rate_hz not in RATES_HZ:
        raise BadValue(
            f"`sample_rate` is between {RATES_HZ.start} and {RATES_HZ.stop - 1}.",
            field="sample_rate",
        )
