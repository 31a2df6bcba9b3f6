"""A wrong sample rate shows in how fast the audio arrives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stt_app.core.session.rate_watch import RATES_HZ, RateWatch


@dataclass
class Stream:
    """The audio of a client; `pace` is how many seconds of it come in one."""

    sample_rate: int = 16_000
    audio_seconds: float = 0.0
    is_raw: bool = True


def found(stream: Stream, frames: Iterator[tuple[float, float]]) -> list[int]:
    """What is noticed in frames of this length that arrive at these times."""
    now = 0.0
    watch, noticed = RateWatch(stream, lambda: now), []
    for now, seconds in frames:  # noqa: B007 - the clock reads it
        stream.audio_seconds += seconds
        if (rate_hz := watch.look()) is not None:
            noticed.append(rate_hz)
    return noticed


def microphone(
    pace: float, *, frame_seconds: float = 0.1, jitter_seconds: float = 0.08
) -> Iterator[tuple[float, float]]:
    """Two minutes of frames, each delayed by chance."""
    chance, arrived = random.Random(pace), 0.0
    for number in range(round(120 / frame_seconds)):
        due = number * frame_seconds + chance.random() * jitter_seconds
        arrived = max(arrived, due)
        yield arrived, frame_seconds * pace


@pytest.mark.parametrize("said_hz", [16_000, 48_000])
@pytest.mark.parametrize("true_hz", RATES_HZ)
@pytest.mark.parametrize("frame_seconds", [0.02, 0.25])
def test_it_knows_the_rate_of_a_microphone(
    said_hz: int, true_hz: int, frame_seconds: float
) -> None:
    frames = microphone(true_hz / said_hz, frame_seconds=frame_seconds)
    expected = [] if true_hz == said_hz else [true_hz]
    assert found(Stream(said_hz), frames) == expected


@pytest.mark.parametrize("pace", [1.02, 1.25, 2.3, 20.0])
def test_another_pace_is_no_rate(pace: float) -> None:
    assert found(Stream(), microphone(pace)) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_client_that_sends_only_speech_has_no_other_rate(seed: int) -> None:
    chance, now, frames = random.Random(seed), 0.0, []
    for _ in range(40):
        for _ in range(chance.randrange(5, 40)):
            now += 0.1
            frames.append((now, 0.1))
        now += chance.uniform(0.3, 5)
    assert found(Stream(), iter(frames)) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_recording_in_bursts_has_no_other_rate(seed: int) -> None:
    chance, now, frames = random.Random(seed), 0.0, []
    for _ in range(60):
        now += chance.uniform(0.1, 2)
        frames += [(now, 0.25)] * chance.randrange(1, 20)
    assert found(Stream(), iter(frames)) == []


def test_a_burst_at_the_start_delays_the_answer() -> None:
    burst = [(0.0, 1.0)] * 5
    assert found(Stream(), iter([*burst, *microphone(3.0)])) == [48_000]


def test_a_container_has_its_own_rate() -> None:
    assert found(Stream(is_raw=False), microphone(3.0)) == []
