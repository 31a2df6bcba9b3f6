"""A recording is told from a microphone by how fast its audio comes."""

from __future__ import annotations

import pytest

from compat_app.wyoming.listening.pace import Pace
from tests.clocks import StoppedClock

CHUNK_SECONDS = 0.064


def paced(speed: float, seconds: float, ahead_seconds: float = 0.0) -> list[bool]:
    """Whether it is taken for a recording after each chunk of so much audio."""
    clock = StoppedClock()
    pace = Pace(clock)
    pace.add(ahead_seconds)
    found = []
    for _ in range(round(seconds / CHUNK_SECONDS)):
        clock.move_on(CHUNK_SECONDS / speed)
        pace.add(CHUNK_SECONDS)
        found.append(pace.is_a_recording)
    return found


def test_a_microphone_is_none() -> None:
    assert not any(paced(1.0, 600))


@pytest.mark.parametrize("speed", [3.0, 20.0, 1e9])
def test_audio_that_comes_faster_than_speech_is_one(speed: float) -> None:
    found = paced(speed, 600)
    assert found[-1]
    assert found.index(True) * CHUNK_SECONDS < 10


def test_a_short_burst_is_none() -> None:
    assert not any(paced(1e9, 0.9))


def test_what_a_network_held_back_is_forgotten() -> None:
    found = paced(1.0, 10, ahead_seconds=5)
    assert found[0]
    assert not any(found[round(4 / CHUNK_SECONDS) :])


def test_it_says_how_long_the_doubt_lasts_when_no_more_comes() -> None:
    clock = StoppedClock()
    pace = Pace(clock)
    pace.add(600)
    clock.move_on(pace.doubt_seconds - 0.01)
    before = pace.is_a_recording
    clock.move_on(0.02)
    assert (before, pace.is_a_recording) == (True, False)
    assert clock.now < 1_002


def test_a_gap_makes_no_credit() -> None:
    clock = StoppedClock()
    pace = Pace(clock)
    clock.move_on(100)
    pace.add(2.1)
    assert pace.is_a_recording
