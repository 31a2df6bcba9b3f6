"""The common audio type: mono samples with their sample rate.

Inside, samples are float32 in [-1, 1]; on the wire they are PCM16, signed
16-bit little-endian. Only this file converts between the two.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]
"""Samples of several channels, shape (n, channels)."""

PCM16_FULL_SCALE = 32768.0
PCM16_BYTES = 2
SPEECH_RATE_HZ = 16_000
"""The sample rate that Whisper and Silero were trained with."""

_BLOCK_SECONDS = 0.02
_KEPT_ENERGY = 0.95
"""Of the energy so far after each block: a time constant of 0.4 s."""
_CANCELLED_BELOW = 0.25
"""The energy of the sum over the sum of the energies. It is 1 for channels that have
nothing in common, the number of channels for equal ones, and 0 for opposite ones."""
_MIXED_ABOVE = 0.5
_CLEARLY_LOUDER = 2.0


@dataclass(frozen=True, eq=False)
class Audio:
    """A stretch of mono audio: float32 samples in [-1, 1], shape (n,), at `rate_hz`."""

    samples: Samples
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz

    def resampled(self, rate_hz: int) -> Audio:
        """The same at another rate, still mono float32; itself at its own rate."""
        if rate_hz == self.rate_hz:
            return self
        samples = soxr.resample(self.samples, self.rate_hz, rate_hz)
        return Audio(samples.astype(np.float32, copy=False), rate_hz)


def pcm16_to_float(pcm: bytes | memoryview) -> Samples:
    """Mono PCM16 bytes (an even number) as float32 in [-1, 1), shape (n,)."""
    integers = np.frombuffer(pcm, dtype="<i2")
    samples: Samples = integers.astype(np.float32) / np.float32(PCM16_FULL_SCALE)
    return samples


def float_to_pcm16(samples: npt.NDArray[Any]) -> bytes:
    """Samples in [-1, 1] as PCM16 bytes; louder ones are clipped, NaN is silence."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    scaled = np.clip(finite * PCM16_FULL_SCALE, -PCM16_FULL_SCALE, PCM16_FULL_SCALE - 1)
    return bytes(np.round(scaled).astype("<i2").tobytes())


class Resampler:
    """Stateful, anti-aliasing resampling of a stream (soxr, -88 dB above Nyquist)."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = (
            None
            if from_hz == to_hz
            else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
        )

    def push(self, samples: Samples, *, last: bool = False) -> Samples:
        """The samples that are ready, at `to_hz`; the last few come with `last`.

        Both are mono float32 in [-1, 1], shape (n,). Filtering may overshoot a little.
        """
        if self._stream is None:
            return samples
        resampled: Samples = self._stream.resample_chunk(samples, last=last)
        return resampled


class ChannelMixer:
    """The mean of the channels of a stream, or the loudest one while they cancel.

    One microphone wired with the wrong polarity is enough for that. The choice for each
    block of 20 ms follows from the audio before it, so nothing is delayed, and the
    split of the stream makes no difference.
    """

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._mean = np.full(channels, 1 / channels, np.float32)
        self._before = self._weights = self._mean
        """The weights of the channels change from one to the other over a block."""
        self._block = max(1, round(rate_hz * _BLOCK_SECONDS))
        self._at = 0
        self._each = np.zeros(channels)
        self._sum = 0.0
        self._loudest: int | None = None

    def push(self, frames: Frames) -> Samples:
        """Mono float32, shape (n,), of frames of shape (n, channels), both in [-1, 1]."""
        if frames.shape[1] == 1:
            return frames[:, 0]
        mixed: list[Samples] = []
        at = 0
        while at < len(frames) or not mixed:
            piece = frames[at : at + self._block - self._at]
            mixed.append(self._mixed(piece))
            self._measure(piece)
            at += len(piece)
        return mixed[0] if len(mixed) == 1 else np.concatenate(mixed)

    def _mixed(self, piece: Frames) -> Samples:
        if self._before is self._weights:
            same: Samples = piece @ self._weights
            return same
        place = np.arange(self._at, self._at + len(piece), dtype=np.float32)
        share = (place / self._block)[:, None]
        weights = self._before * (1 - share) + self._weights * share
        changing: Samples = (piece * weights).sum(axis=1, dtype=np.float32)
        return changing

    def _measure(self, piece: Frames) -> None:
        self._each += np.square(piece, dtype=np.float64).sum(axis=0)
        self._sum += float(np.square(piece.sum(axis=1), dtype=np.float64).sum())
        self._at += len(piece)
        if self._at == self._block:
            self._at = 0
            self._choose()
            self._each *= _KEPT_ENERGY
            self._sum *= _KEPT_ENERGY

    def _choose(self) -> None:
        self._before = self._weights
        limit = _CANCELLED_BELOW if self._loudest is None else _MIXED_ABOVE
        total = float(self._each.sum())
        if not total:
            return
        if self._sum >= limit * total:
            self._loudest, self._weights = None, self._mean
            return
        loudest = int(self._each.argmax())
        now = self._loudest
        if now is None or self._each[loudest] > _CLEARLY_LOUDER * self._each[now]:
            self._loudest = loudest
            self._weights = np.zeros_like(self._mean)
            self._weights[loudest] = 1.0


def rms(samples: Samples) -> float:
    """Root mean square of float samples in [-1, 1], at any rate, shape (n,).

    0 for silence, 1 for a full-scale square wave.
    """
    if not len(samples):
        return 0.0
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def read_wav(source: Path | bytes) -> Audio:
    """A 16-bit PCM WAV file as mono float32 in [-1, 1) at the file's own rate.

    Channels are mixed. Raises ValueError on anything else.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    try:
        with stream, wave.open(stream) as reader:
            if reader.getsampwidth() != PCM16_BYTES:
                raise ValueError("not a 16-bit PCM WAV file")
            rate_hz, channels = reader.getframerate(), reader.getnchannels()
            samples = pcm16_to_float(reader.readframes(reader.getnframes()))
    # `wave` seeks beyond the end of a file whose chunks lie about their size.
    except (wave.Error, EOFError, RuntimeError) as error:
        raise ValueError(f"not a WAV file: {error}") from error
    frames = samples.reshape(-1, channels)
    return Audio(ChannelMixer(channels, rate_hz).push(frames), rate_hz)


def wav_bytes(audio: Audio) -> bytes:
    """The audio as a complete mono 16-bit WAV file, at its own rate."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(PCM16_BYTES)
        writer.setframerate(audio.rate_hz)
        writer.writeframes(float_to_pcm16(audio.samples))
    return buffer.getvalue()
