from __future__ import annotations

import pytest

from common.workers import Priority
from stt_app.core.whisper_beam import (
    BY_ITSELF,
    CAREFUL,
    FAST,
    LONG_SECONDS,
    choose_beam,
)

EVERY_PRIORITY = list(Priority)
LIVE = (Priority.FINAL, Priority.SPECULATIVE)


@pytest.mark.parametrize("priority", EVERY_PRIORITY)
def test_it_takes_the_width_that_was_configured(priority: Priority) -> None:
    assert choose_beam(3, LONG_SECONDS, priority, queued=2) == 3


@pytest.mark.parametrize("priority", EVERY_PRIORITY)
def test_it_hears_a_short_utterance_fast(priority: Priority) -> None:
    assert choose_beam(BY_ITSELF, LONG_SECONDS - 0.1, priority, queued=0) == FAST


@pytest.mark.parametrize("priority", [*LIVE, Priority.FILE])
def test_it_hears_a_long_utterance_carefully(priority: Priority) -> None:
    assert choose_beam(BY_ITSELF, LONG_SECONDS, priority, queued=0) == CAREFUL


@pytest.mark.parametrize("priority", LIVE)
def test_it_hears_fast_while_others_wait(priority: Priority) -> None:
    assert choose_beam(BY_ITSELF, LONG_SECONDS, priority, queued=1) == FAST


def test_it_hears_a_file_carefully_whoever_waits() -> None:
    assert choose_beam(BY_ITSELF, LONG_SECONDS, Priority.FILE, queued=3) == CAREFUL


def test_it_hears_a_partial_text_fast() -> None:
    assert choose_beam(BY_ITSELF, LONG_SECONDS, Priority.INTERIM, queued=0) == FAST
