"""What a loudspeaker plays, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from common.audio import Samples
from voiceproject.talk.playback import Playback

RATE_HZ = 1_000
BUFFER = 60


@pytest.fixture
def playback() -> Playback:
    return Playback(RATE_HZ)


def tone(count: int, level: float = 0.5) -> Samples:
    return np.full(count, level, np.float32)


def take(playback: Playback, count: int) -> list[float]:
    return [float(each) for each in playback.take(count, 0.0)]


def test_it_begins_when_its_buffer_is_full(playback: Playback) -> None:
    playback.add(1, tone(10))
    assert take(playback, BUFFER + 15) == [0.0] * BUFFER + [0.5] * 10 + [0.0] * 5
    assert playback.played_seconds(1) == 0.01
    assert playback.is_silent()


def test_it_plays_what_comes_in_time_without_a_gap(playback: Playback) -> None:
    playback.add(1, tone(10))
    take(playback, BUFFER + 5)
    playback.add(1, tone(10, 0.25))
    assert take(playback, 15) == [0.5] * 5 + [0.25] * 10


def test_it_fills_its_buffer_again_after_a_gap(playback: Playback) -> None:
    playback.add(1, tone(10))
    take(playback, BUFFER + 11)
    playback.add(1, tone(10))
    assert take(playback, BUFFER + 10) == [0.0] * BUFFER + [0.5] * 10


def test_it_is_silent_while_it_is_paused_and_goes_on_with_the_next_sample(
    playback: Playback,
) -> None:
    playback.add(1, np.arange(1, 9, dtype=np.float32))
    take(playback, BUFFER + 3)
    playback.pause(paused=True)
    assert take(playback, 5) == [0.0] * 5
    assert playback.played_seconds(1) == 0.003
    assert not playback.is_silent()
    playback.pause(paused=False)
    assert take(playback, 5) == [4.0, 5.0, 6.0, 7.0, 8.0]


def test_it_forgets_the_rest_of_a_reply_that_is_cut(playback: Playback) -> None:
    playback.add(1, tone(10))
    take(playback, BUFFER + 3)
    playback.pause(paused=True)
    playback.flush()
    playback.add(2, tone(4, 0.25))
    assert take(playback, BUFFER + 6) == [0.0] * BUFFER + [0.25] * 4 + [0.0] * 2
    assert (playback.played_seconds(1), playback.played_seconds(2)) == (0.003, 0.004)


def test_it_knows_when_a_reply_became_audible(playback: Playback) -> None:
    playback.add(1, np.concatenate([tone(20, 0.005), tone(5)]))
    assert playback.audible_at(1) is None
    playback.take(50, at=10.0)
    playback.take(50, at=10.05)
    assert playback.audible_at(1) == pytest.approx(10.08)


def test_it_takes_no_notice_of_nothing(playback: Playback) -> None:
    playback.add(1, tone(0))
    assert playback.is_silent()
