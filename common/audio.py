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

PCM16_FULL_SCALE = 32768.0
PCM16_BYTES = 2
SPEECH_RATE_HZ = 16_000
"""The sample rate that Whisper and Silero were trained with."""


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


def rms(samples: Samples) -> float:
    """Root mean square of float samples in [-1, 1], at any rate, shape (n,).

    0 for silence, 1 for a full-scale square wave.
    """
    if not len(samples):
        return 0.0
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def read_wav(source: Path | bytes) -> Audio:
    """A 16-bit PCM WAV file as mono float32 in [-1, 1) at the file's own rate.

    Channels are averaged. Raises ValueError on anything else.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    try:
        with stream, wave.open(stream) as reader:
            if reader.getsampwidth() != PCM16_BYTES:
                raise ValueError("not a 16-bit PCM WAV file")
            rate_hz, channels = reader.getframerate(), reader.getnchannels()
            samples = pcm16_to_float(reader.readframes(reader.getnframes()))
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {error}") from error
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return Audio(samples, rate_hz)


def wav_bytes(audio: Audio) -> bytes:
    """The audio as a complete mono 16-bit WAV file, at its own rate."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(PCM16_BYTES)
        writer.setframerate(audio.rate_hz)
        writer.writeframes(float_to_pcm16(audio.samples))
    return buffer.getvalue()
