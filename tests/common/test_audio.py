"""Samples survive every change of form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from common.audio import (
    Audio,
    Resampler,
    Samples,
    float_to_pcm16,
    pcm16_to_float,
    read_wav,
    rms,
    wav_bytes,
)


def tone(hz: float, seconds: float, rate_hz: int) -> Samples:
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    samples: Samples = np.sin(2 * np.pi * hz * times).astype(np.float32)
    return samples


@given(st.lists(st.integers(-32768, 32767)))
def test_it_gives_back_every_pcm_value(values: list[int]) -> None:
    pcm = np.array(values, dtype="<i2").tobytes()
    assert float_to_pcm16(pcm16_to_float(pcm)) == pcm


def test_it_clips_what_is_too_loud_and_silences_nan() -> None:
    wild = np.array([2.0, -2.0, np.nan, np.inf, -np.inf, 1e30], np.float32)
    values = np.frombuffer(float_to_pcm16(wild), "<i2")
    assert values.tolist() == [32767, -32768, 0, 32767, -32768, 32767]


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_it_resamples_a_stream_to_the_right_length(rate_hz: int) -> None:
    samples = tone(440, 2.0, rate_hz)
    resampler = Resampler(rate_hz, 16_000)
    step = rate_hz // 50
    parts = [
        resampler.push(samples[start : start + step])
        for start in range(0, len(samples), step)
    ]
    parts.append(resampler.push(samples[:0], last=True))
    assert len(np.concatenate(parts)) == pytest.approx(32_000, abs=2)


def test_it_removes_what_the_lower_rate_cannot_hold() -> None:
    high = Audio(tone(10_000, 1.0, 48_000), 48_000).resampled(16_000)
    assert rms(high.samples[1_000:-1_000]) < 0.001


def test_it_reads_what_it_writes() -> None:
    audio = Audio(tone(440, 0.5, 22_050) * np.float32(0.5), 22_050)
    back = read_wav(wav_bytes(audio))
    assert back.rate_hz == 22_050
    assert np.allclose(back.samples, audio.samples, atol=1e-4)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"<html>" * 50])
def test_it_refuses_what_is_not_a_wav_file(data: bytes) -> None:
    with pytest.raises(ValueError, match="WAV"):
        read_wav(data)


def test_it_calls_silence_and_nothing_zero_loud() -> None:
    assert rms(np.zeros(0, np.float32)) == 0.0
    assert rms(np.zeros(100, np.float32)) == 0.0
    assert rms(np.ones(100, np.float32)) == 1.0
