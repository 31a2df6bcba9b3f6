from __future__ import annotations

import pytest

from common.workers import Priority
from stt_app.core.whisper_beam import BY_ITSELF, CAREFUL, FAST, choose_beam

LIVE = [each for each in Priority if each is not Priority.FILE]


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("priority", list(Priority))
def test_it_takes_the_width_that_was_configured(
    priority: Priority, goes_on: bool
) -> None:
    assert choose_beam(3, priority, goes_on=goes_on, queued=2) == 3


@pytest.mark.parametrize("priority", LIVE)
def test_it_hears_fast_what_a_speaker_waits_for(priority: Priority) -> None:
    assert choose_beam(BY_ITSELF, priority, goes_on=False, queued=0) == FAST


def test_it_hears_speech_that_goes_on_carefully_unless_others_wait() -> None:
    final = Priority.FINAL
    assert choose_beam(BY_ITSELF, final, goes_on=True, queued=0) == CAREFUL
    assert choose_beam(BY_ITSELF, final, goes_on=True, queued=1) == FAST


def test_it_hears_a_file_carefully_whoever_waits() -> None:
    file = Priority.FILE
    assert choose_beam(BY_ITSELF, file, goes_on=False, queued=3) == CAREFUL
