"""What a start makes stays, and is not looked over for garbage again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from voiceproject.startup.garbage import keep_what_has_started, look_seldom

MANY = 50_000


@pytest.fixture
def thresholds() -> Iterator[tuple[int, int, int]]:
    """What they were before."""
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_it_looks_at_new_objects_only_once_the_server_is_ready(
    thresholds: tuple[int, int, int],
) -> None:
    look_seldom()
    assert gc.get_threshold()[0] > thresholds[0]
    started = [[] for _ in range(MANY)]  # type: ignore[var-annotated]
    assert len(gc.get_objects()) > MANY
    keep_what_has_started()
    assert len(gc.get_objects()) < MANY
    assert gc.get_threshold() == thresholds
    assert started
