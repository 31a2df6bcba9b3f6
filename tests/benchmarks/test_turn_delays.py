"""What false cut-ins are, and a rule that is chosen on other recordings."""

from __future__ import annotations

import pytest

from benchmarks.turn_delays import FOLDS, Pause, calibrated, in_conversation, is_cut
from chat_app.core.timing import CommitDelays


def ended(probability: float, spoken: str) -> Pause:
    return Pause(0, None, probability, spoken=spoken)


@pytest.mark.parametrize(
    ("length_seconds", "delay_seconds", "cut"),
    [(0.32, 0.3, True), (0.288, 0.288, True), (0.256, 0.3, False), (None, 0.3, False)],
)
def test_only_a_pause_within_the_turn_is_cut(
    length_seconds: float | None, delay_seconds: float, cut: bool
) -> None:
    assert is_cut(Pause(0, length_seconds), delay_seconds) == cut


@pytest.mark.parametrize(("hangs", "delay_seconds"), [(False, 0.288), (True, 1.6)])
def test_a_conversation_waits_for_a_word_that_hangs(
    hangs: bool, delay_seconds: float
) -> None:
    rule = in_conversation(CommitDelays())
    assert rule(Pause(0, None, 0.95, hangs)) == pytest.approx(delay_seconds)


def test_no_recording_chooses_the_rule_that_it_is_counted_by() -> None:
    """Where only one recording has an inner pause, it cannot make its own rule careful."""
    others = [ended(0.85, f"recording {number}") for number in range(FOLDS - 1)]
    cut = Pause(0, 0.4, 0.85, spoken="the one")
    rule = calibrated([cut, *others])
    assert rule(cut) == pytest.approx(0.288)
    assert all(rule(each) > 0.4 for each in others)


def test_copies_with_noise_do_not_choose_the_rule_of_the_original_either() -> None:
    others = [ended(0.85, f"recording {number}") for number in range(FOLDS - 1)]
    pauses = [Pause(0, 0.4, 0.85, spoken="the one") for _ in range(2)]
    rule = calibrated([*pauses, *others])
    assert {rule(each) for each in pauses} == {0.288}
