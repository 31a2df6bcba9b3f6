from __future__ import annotations

import pytest

from common.workers import Priority
from stt_app.core.whisper.requests import BY_ITSELF, CAREFUL, FAST, choose_beam

LIVE = [each for each in Priority if each is not Priority.FILE]


@pytest.mark.parametrize("priority", list(Priority))
def test_it_takes_the_width_that_was_configured(priority: Priority) -> None:
    assert choose_beam(3, priority) == 3


@pytest.mark.parametrize("priority", LIVE)
def test_it_hears_fast_what_a_speaker_waits_for(priority: Priority) -> None:
    assert choose_beam(BY_ITSELF, priority) == FAST


def test_it_hears_a_file_carefully() -> None:
    assert choose_beam(BY_ITSELF, Priority.FILE) == CAREFUL
