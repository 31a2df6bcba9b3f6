"""Looking into audio that the server sent: decoded, its length, its pitch."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np

from common.audio import Audio, pcm16_to_float


def decoded(data: bytes, rate_hz: int = 16_000) -> Audio:
    """A file in any container as mono float32 at that rate."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
        frames: list[Any] = []
        for frame in container.decode(stream):
            frames += resampler.resample(frame)
        frames += resampler.resample(None)
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return Audio(samples.astype(np.float32), rate_hz)


def pcm(data: bytes, rate_hz: int) -> Audio:
    """Bare PCM16 taken to be of that rate."""
    return Audio(pcm16_to_float(data), rate_hz)


def pitch_hz(audio: Audio) -> float:
    """The strongest frequency, to about 1 Hz for a second of audio."""
    spectrum = np.abs(np.fft.rfft(audio.samples * np.hanning(len(audio.samples))))
    return float(np.argmax(spectrum) / audio.seconds)
