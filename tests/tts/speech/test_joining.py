"""Clauses become one stream: no padding, no clicks, pauses of known length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from common.audio import Samples
from tts_app.core.speech.joining import (
    COMMA_PAUSE_SECONDS,
    LAST_PAUSE_SECONDS,
    SENTENCE_PAUSE_SECONDS,
    Joined,
    Joiner,
)

RATE_HZ = 22_050
NEAR = 0.012


def tone(seconds: float, lead: float = 0.04, tail: float = 0.2) -> Samples:
    """A tone that starts and ends at full loudness, with Piper's padding around it."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = 0.8 * np.cos(2 * np.pi * 150 * times)
    before, after = (np.zeros(int(pad * RATE_HZ)) for pad in (lead, tail))
    return np.concatenate([before, sound, after]).astype(np.float32)


def silences(samples: Samples) -> list[float]:
    """Lengths of the silent stretches between sounds, and of the last one, in seconds."""
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    gaps = np.diff(loud) / RATE_HZ
    last = (len(samples) - 1 - loud[-1]) / RATE_HZ
    return [*gaps[gaps > NEAR], last]


def joined(*clauses: str, speed: float = 1.0, pause: float = 0.0) -> Samples:
    joiner = Joiner(RATE_HZ, speed=speed)
    parts = []
    for clause in clauses:
        parts.append(joiner.add(tone(0.3)).samples)
        joiner.end_clause(clause)
        if pause:
            joiner.pause(pause)
    return np.concatenate([*parts, *joiner.finish()])


@pytest.mark.parametrize(
    ("clause", "pause"),
    [
        ("One,", COMMA_PAUSE_SECONDS),
        ("One.", SENTENCE_PAUSE_SECONDS),
        ('"One!"', SENTENCE_PAUSE_SECONDS),
        ("One", SENTENCE_PAUSE_SECONDS),
        ("一，", COMMA_PAUSE_SECONDS),
    ],
)
def test_it_pauses_as_the_clause_ends(clause: str, pause: float) -> None:
    between, last = silences(joined(clause, "Two."))
    assert between == pytest.approx(pause, abs=NEAR)
    assert last == pytest.approx(LAST_PAUSE_SECONDS, abs=NEAR)


def test_its_pauses_follow_the_speed() -> None:
    between, _ = silences(joined("One.", "Two.", speed=2.0))
    assert between == pytest.approx(SENTENCE_PAUSE_SECONDS / 2, abs=NEAR)


def test_it_keeps_a_pause_that_was_asked_for_at_any_speed() -> None:
    between, last = silences(joined("One.", "Two.", speed=2.0, pause=1.5))
    assert between == pytest.approx(1.5, abs=NEAR)
    assert last == pytest.approx(1.5, abs=NEAR)


def test_it_begins_with_a_pause_when_asked() -> None:
    joiner = Joiner(RATE_HZ)
    joiner.pause(0.5)
    samples = joiner.add(tone(0.3)).samples
    first = np.flatnonzero(np.abs(samples) > 0.01)[0] / RATE_HZ
    assert first == pytest.approx(0.5, abs=NEAR)


def test_it_says_how_much_later_a_chunk_is_heard() -> None:
    joiner = Joiner(RATE_HZ)
    first = joiner.add(tone(0.3, lead=0.04))
    assert first.shift_seconds == pytest.approx(-0.035, abs=0.001)
    second = joiner.add(tone(0.3, lead=0.04))
    assert second.shift_seconds is not None
    begin = len(second.samples) - np.flatnonzero(np.abs(second.samples) > 0.5)[0]
    heard_at = len(second.samples) / RATE_HZ - begin / RATE_HZ
    assert 0.04 + second.shift_seconds == pytest.approx(heard_at, abs=0.003)


def test_it_joins_without_a_click() -> None:
    """A click is a step between neighbours that the sound itself never makes."""
    chunk = tone(0.3, lead=0, tail=0)
    joiner = Joiner(RATE_HZ)
    parts = []
    for clause in ("One,", "Two.", "Three."):
        parts.append(joiner.add(chunk).samples)
        joiner.end_clause(clause)
    stream = np.concatenate([[0.0], *parts, *joiner.finish()])
    assert np.abs(np.diff(stream)).max() <= np.abs(np.diff(chunk)).max() * 1.01


def test_it_gives_nothing_for_silence() -> None:
    joiner = Joiner(RATE_HZ)
    assert not len(joiner.add(np.zeros(RATE_HZ, np.float32)).samples)
    assert not len(joiner.add(np.zeros(0, np.float32)).samples)
    assert [len(part) for part in joiner.finish()] == [0, 0]


PHRASE = np.concatenate([tone(0.2), tone(0.1), tone(0.15)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(PHRASE)), max_size=6))
def test_a_sentence_in_parts_is_the_sentence_in_one(cuts: list[int]) -> None:
    whole, parted = Joiner(RATE_HZ), Joiner(RATE_HZ)
    expected = [whole.add(tone(0.1)), whole.add(PHRASE)]
    found = [parted.add(tone(0.1))]
    *firsts, last = np.split(PHRASE, sorted(cuts))
    found += [parted.add(part, is_last=False) for part in firsts]
    found.append(parted.add(last))
    assert np.array_equal(samples_of(found, parted), samples_of(expected, whole))
    told = [each.shift_seconds for each in found if each.shift_seconds is not None]
    assert told == [each.shift_seconds for each in expected]


def samples_of(found: list[Joined], joiner: Joiner) -> Samples:
    return np.concatenate([*(each.samples for each in found), *joiner.finish()])


def test_it_sends_a_sound_as_soon_as_it_is_there() -> None:
    joiner = Joiner(RATE_HZ)
    first = joiner.add(tone(0.3, lead=0.04, tail=0), is_last=False)
    assert len(first.samples) / RATE_HZ == pytest.approx(0.3, abs=NEAR)


def test_a_sentence_that_breaks_off_fades_out() -> None:
    joiner = Joiner(RATE_HZ)
    sound = tone(0.3, lead=0, tail=0)
    parts = [joiner.add(sound, is_last=False).samples, *joiner.finish()]
    stream = np.concatenate(parts)
    assert len(stream) / RATE_HZ == pytest.approx(0.3 + LAST_PAUSE_SECONDS, abs=NEAR)
    assert np.abs(np.diff(stream)).max() < 0.04


@pytest.mark.parametrize("loudest", [0.02, 1.0])
def test_it_knows_padding_from_sound_at_any_volume(loudest: float) -> None:
    joiner = Joiner(RATE_HZ, loudest=loudest)
    found = joiner.add((tone(0.3) * loudest).astype(np.float32))
    assert found.shift_seconds == pytest.approx(-0.035, abs=0.001)
