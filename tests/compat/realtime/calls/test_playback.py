"""What a caller hears, frame by frame."""

from __future__ import annotations

import numpy as np

from compat_app.realtime.calls.playback import (
    CALLER_BUFFER_SECONDS,
    FRAME_SAMPLES,
    RATE_HZ,
    Cleared,
    Playback,
    PlaybackEvent,
    Played,
    Started,
    Stopped,
)


class Player:
    """Takes frames, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[PlaybackEvent] = []
        self.playback = Playback(self.told.append)

    def put(self, response: str, seconds: float, level: float = 0.5) -> None:
        samples = np.full(round(seconds * RATE_HZ), level, np.float32)
        self.playback.put(response, samples, RATE_HZ)

    def levels(self, frames: int) -> list[float]:
        """The mean of each frame; 0 is silence."""
        found = [self.playback.next_frame() for _ in range(frames)]
        return [0.0 if f is None else round(float(f.mean()) / 32_767, 2) for f in found]

    @property
    def marks(self) -> list[PlaybackEvent]:
        """Without the reports of what was played."""
        return [each for each in self.told if not isinstance(each, Played)]


def test_it_is_silent_while_there_is_nothing_to_say() -> None:
    player = Player()
    assert player.levels(3) == [0, 0, 0]
    assert player.told == []
    assert player.playback.is_idle


def test_it_plays_a_response_and_tells_when_it_begins_and_ends() -> None:
    player = Player()
    player.put("a", 0.04)
    assert player.levels(1) == [0.5]
    assert player.marks == [Started("a")]
    player.playback.complete("a")
    assert player.levels(2) == [0.5, 0]
    assert player.marks == [Started("a"), Stopped("a")]


def test_it_waits_for_audio_that_is_late() -> None:
    player = Player()
    player.put("a", 0.02)
    assert player.levels(2) == [0.5, 0]
    player.put("a", 0.02, 0.25)
    assert player.levels(1) == [0.25]
    assert player.marks == [Started("a")]


def test_responses_are_played_one_after_the_other() -> None:
    player = Player()
    player.put("a", 0.02)
    player.put("b", 0.02, 0.25)
    player.put("a", 0.02, 0.75)
    player.playback.complete("b")
    player.playback.complete("a")
    assert player.levels(5) == [0.5, 0.75, 0, 0.25, 0]
    assert player.marks == [Started("a"), Stopped("a"), Started("b"), Stopped("b")]


def test_it_reports_how_much_was_heard() -> None:
    player = Player()
    player.put("a", 1.0)
    player.levels(10)
    heard = [each.seconds for each in player.told if isinstance(each, Played)]
    assert [round(each, 2) for each in heard] == [0.04, 0.14]
    assert heard[-1] == 10 * FRAME_SAMPLES / RATE_HZ - CALLER_BUFFER_SECONDS


def test_nothing_is_lost_in_a_pause() -> None:
    player = Player()
    player.put("a", 0.06)
    player.levels(1)
    player.playback.pause()
    assert player.levels(5) == [0, 0, 0, 0, 0]
    player.playback.resume()
    assert player.levels(2) == [0.5, 0.5]


def test_an_interruption_drops_the_rest_at_once() -> None:
    player = Player()
    player.put("a", 1.0)
    player.levels(3)
    player.playback.pause()
    player.playback.clear("a")
    assert player.levels(2) == [0, 0]
    assert player.marks == [Started("a"), Cleared("a")]
    assert isinstance(player.told[-2], Played)
    player.put("b", 0.02)
    assert player.levels(1) == [0.5]


def test_a_response_that_was_not_heard_is_dropped_without_an_event() -> None:
    player = Player()
    player.put("a", 1.0)
    player.playback.clear()
    assert player.told == []
    assert player.playback.is_idle


def test_other_rates_keep_their_duration() -> None:
    player = Player()
    samples = np.full(22_050, 0.5, np.float32)
    for start in range(0, len(samples), 2_205):
        player.playback.put("a", samples[start : start + 2_205], 22_050)
    player.playback.complete("a")
    levels = player.levels(60)
    loud = sum(level > 0.4 for level in levels)
    assert 49 <= loud <= 50
