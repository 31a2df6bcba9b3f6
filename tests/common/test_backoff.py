"""How the pauses grow."""

from __future__ import annotations

from itertools import islice

from common.backoff import backoff


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    assert list(islice(backoff(0.5, 3.0), 5)) == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_first_try_may_come_at_once() -> None:
    assert list(islice(backoff(0.5, 3.0, at_once=True), 3)) == [0.0, 0.5, 1.0]
