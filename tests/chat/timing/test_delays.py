"""The pause that ends a turn, by the probability that the turn is complete."""

from __future__ import annotations

import pytest

from chat_app.core.timing import CommitDelays


@pytest.mark.parametrize(
    ("probability", "delay"),
    [
        (1.0, 0.288),
        (0.9, 0.288),
        (0.899, 0.448),
        (0.7, 0.448),
        (0.699, 0.64),
        (0.1, 0.64),
        (0.09, 0.65),
        (0.05, 0.88),
        (0.0, 1.6),
        (None, 0.5),
    ],
)
def test_a_pause_is_longer_the_less_complete_the_turn_seems(
    probability: float | None, delay: float
) -> None:
    waited = CommitDelays().after(probability, hangs=False, patience=1.0)
    assert waited == pytest.approx(delay, abs=0.001)


@pytest.mark.parametrize(
    ("probability", "unlikely"), [(0.099, True), (0.1, False), (None, False)]
)
def test_only_a_turn_that_seems_incomplete_probably_goes_on(
    probability: float | None, unlikely: bool
) -> None:
    assert CommitDelays().is_unlikely(probability) == unlikely
