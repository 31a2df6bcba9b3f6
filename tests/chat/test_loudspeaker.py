"""The simulated loudspeaker plays after its buffer, without gaps, and stops at once."""

from __future__ import annotations

import numpy as np
import pytest

from common.audio import Samples
from tests.chat.loudspeaker import BUFFER_SECONDS, Loudspeaker

RATE_HZ = 1_000


def sound(silent: float, loud: float) -> Samples:
    """So many seconds of silence, then of sound."""
    parts = [np.zeros(round(silent * RATE_HZ)), np.ones(round(loud * RATE_HZ))]
    return 0.5 * np.concatenate(parts).astype(np.float32)


def playing(*sounds: Samples) -> Loudspeaker:
    """These arrive together at 10.0 s, as responses 1, 1, ..."""
    loudspeaker = Loudspeaker()
    for each in sounds:
        loudspeaker.put(1, each, RATE_HZ, 10.0)
    return loudspeaker


def test_it_plays_after_the_buffer_and_without_gaps() -> None:
    loudspeaker = playing(sound(0.1, 0.4), sound(0, 0.5))
    first, last = loudspeaker.first_audible_at(1), loudspeaker.last_audible_at(1)
    assert first == pytest.approx(10 + BUFFER_SECONDS + 0.1)
    assert last == pytest.approx(10 + BUFFER_SECONDS + 1.0, abs=0.002)
    assert loudspeaker.first_audible_seconds(1) == pytest.approx(0.1)


def test_audio_that_comes_late_leaves_a_gap() -> None:
    loudspeaker = playing(sound(0, 0.5))
    loudspeaker.put(1, sound(0, 0.5), RATE_HZ, 11.0)
    assert not loudspeaker.sound(10.7, 160, 16_000).any()
    assert loudspeaker.last_audible_at(1) == pytest.approx(11.56, abs=0.002)


def test_what_is_quiet_is_not_heard() -> None:
    loudspeaker = playing(0.015 * sound(0, 1))
    assert loudspeaker.first_audible_at(1) is None
    assert loudspeaker.first_audible_at(2) is None


def test_a_pause_is_heard_at_once_and_nothing_is_lost() -> None:
    loudspeaker = playing(sound(0, 1))
    loudspeaker.pause(10.56)
    assert loudspeaker.last_audible_at(1) == pytest.approx(10.56, abs=0.002)
    assert loudspeaker.played_seconds(1, 99) == pytest.approx(0.5)
    loudspeaker.put(1, sound(0, 1), RATE_HZ, 10.6)
    loudspeaker.resume(12.0)
    assert loudspeaker.played_seconds(1, 99) == pytest.approx(2.0)
    assert loudspeaker.last_audible_at(1) == pytest.approx(13.5, abs=0.002)


def test_what_is_stopped_is_never_played() -> None:
    loudspeaker = playing(sound(0, 1))
    loudspeaker.stop(10.56)
    assert loudspeaker.played(1).size == 500
    assert loudspeaker.is_silent(10.57)
    loudspeaker.put(2, sound(0, 1), RATE_HZ, 11.0)
    assert loudspeaker.first_audible_at(2) == pytest.approx(11.06)


def test_a_stop_in_a_pause_ends_the_pause() -> None:
    loudspeaker = playing(sound(0, 1))
    loudspeaker.pause(10.56)
    loudspeaker.stop(10.7)
    loudspeaker.put(2, sound(0, 1), RATE_HZ, 11.0)
    assert loudspeaker.played_seconds(1, 99) == pytest.approx(0.5)
    assert loudspeaker.played_seconds(2, 99) == pytest.approx(1.0)


def test_its_sound_can_be_taken_at_another_rate() -> None:
    loudspeaker = playing(sound(0, 1))
    around_start = loudspeaker.sound(10.04, 640, 16_000)
    assert not around_start[:300].any()
    assert around_start[340:] == pytest.approx(0.5)
    assert not loudspeaker.sound(12.0, 320, 16_000).any()
