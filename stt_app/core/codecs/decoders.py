"""Decodes a client's bytes, in any encoding and rate, to samples at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, get_args

import numpy as np

from common.audio import (
    SPEECH_RATE_HZ,
    ChannelMixer,
    Resampler,
    Samples,
    pcm16_to_float,
)
from stt_app.core.codecs.container_stream import ContainerStream
from stt_app.core.codecs.containers import StartCheck
from stt_app.core.codecs.g711 import alaw_to_float, mulaw_to_float

Encoding = Literal["pcm_s16le", "pcm_f32le", "mulaw", "alaw", "opus", "webm", "mp4"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
PCM16: Encoding = "pcm_s16le"

_NOTHING = np.zeros(0, np.float32)
_RAW_SLICE_SECONDS = 1.0
_PACKED_SLICE_BYTES = 1_024
_USUAL_CONTAINER_HZ = 48_000


class StreamDecoder(Protocol):
    """Decodes one stream. The split of its bytes into frames makes no difference."""

    slice_bytes: int
    """The most bytes to pass at once on the event loop."""

    @property
    def audio_seconds(self) -> float:
        """Seconds of audio received so far."""

    def decode(self, data: bytes) -> Samples:
        """The samples that are ready: mono float32 at 16 kHz in [-1, 1], shape (n,).

        `data` is in the stream's encoding, rate and channels. Raises UnsupportedAudio.
        """

    def flush(self) -> Samples:
        """What the resampler held back: mono float32 at 16 kHz in [-1, 1], shape (n,).

        The stream may go on afterwards.
        """


class _Resampled:
    """Resamples decoded audio, and counts it."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
        self._received = 0
        self._seconds_before = 0.0

    @property
    def audio_seconds(self) -> float:
        return self._seconds_before + self._received / self._rate_hz

    def flush(self) -> Samples:
        rest = self._resampler.push(_NOTHING, last=True)
        self._resampler = Resampler(self._rate_hz, SPEECH_RATE_HZ)
        return rest

    def _take(self, samples: Samples) -> Samples:
        self._received += len(samples)
        return self._resampler.push(samples)

    def _use_rate(self, rate_hz: int) -> Samples:
        """The rate of the audio that follows. What the resampler held back."""
        if rate_hz == self._rate_hz:
            return _NOTHING
        self._seconds_before, self._received = self.audio_seconds, 0
        rest = self._resampler.push(_NOTHING, last=True)
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
        return rest


class RawDecoder(_Resampled):
    """Samples without a container, those of several channels in turn, at `rate_hz`."""

    def __init__(self, encoding: Encoding, rate_hz: int, channels: int = 1) -> None:
        super().__init__(rate_hz)
        width, self._convert = _RAW[encoding]
        self._frame_bytes = width * channels
        self.slice_bytes = int(self._frame_bytes * rate_hz * _RAW_SLICE_SECONDS)
        self._channels = channels
        self._mixer = ChannelMixer(channels, rate_hz)
        self._start = StartCheck(encoding)
        self._partial = b""

    def decode(self, data: bytes) -> Samples:
        """Mono float32 at 16 kHz, shape (n,); an incomplete frame waits for its rest.

        Raises UnsupportedAudio for a stream that begins as a container does.
        """
        self._start.check(data)
        joined = self._partial + data
        whole = len(joined) - len(joined) % self._frame_bytes
        self._partial = joined[whole:]
        samples = self._convert(joined[:whole])
        return self._take(self._mixer.push(samples.reshape(-1, self._channels)))


class ContainerDecoder(_Resampled):
    """Opus or AAC in WebM, Ogg or MP4, as a browser's MediaRecorder produces it."""

    slice_bytes = _PACKED_SLICE_BYTES

    def __init__(self) -> None:
        super().__init__(_USUAL_CONTAINER_HZ)
        self._stream = ContainerStream()

    def decode(self, data: bytes) -> Samples:
        """Mono float32 at 16 kHz, shape (n,). Raises UnsupportedAudio."""
        parts = [_NOTHING]
        for audio in self._stream.push(data):
            parts.append(self._use_rate(audio.rate_hz))
            parts.append(self._take(audio.samples))
        return np.concatenate(parts)


def float32_to_samples(data: bytes) -> Samples:
    """Little-endian 32-bit floats, mono, as float32 in [-1, 1], shape (n,), at their rate.

    What is louder than full scale is clipped, NaN is silence.
    """
    wild = np.frombuffer(data, "<f4")
    finite = np.nan_to_num(wild, nan=0.0, posinf=1.0, neginf=-1.0)
    samples: Samples = np.clip(finite, -1.0, 1.0).astype(np.float32, copy=False)
    return samples


_RAW: dict[Encoding, tuple[int, Callable[[bytes], Samples]]] = {
    "pcm_s16le": (2, pcm16_to_float),
    "pcm_f32le": (4, float32_to_samples),
    "mulaw": (1, mulaw_to_float),
    "alaw": (1, alaw_to_float),
}


RAW_ENCODINGS = frozenset(_RAW)
_QUIET_BYTES: dict[Encoding, bytes] = {"mulaw": b"\xff", "alaw": b"\xd5"}
"""Where it is not zero."""


def silence(encoding: Encoding, size_bytes: int) -> bytes:
    """So many bytes without sound, in one of RAW_ENCODINGS."""
    return _QUIET_BYTES.get(encoding, b"\0") * size_bytes


def build_decoder(
    encoding: Encoding, sample_rate: int, channels: int = 1
) -> StreamDecoder:
    """A decoder for a new stream; a container has its own rate and channels."""
    if encoding in _RAW:
        return RawDecoder(encoding, sample_rate, channels)
    return ContainerDecoder()
