"""Stages count from when the end of the speech was received."""

from __future__ import annotations

import pytest

from chat_app.conversation.stage_times import StageTimes
from stt_app.core.endpointing.events import PauseBegun


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pause_is_noticed_later_than_it_begins() -> None:
    clock = Clock()
    stage_times = StageTimes(clock)
    # 96 ms of silence were received when the pause was told.
    stage_times.hear(PauseBegun(1, 16_000, None), received_seconds=1.096)
    clock.now += 0.25
    stage_times.mark("committed")
    assert stage_times.stages_ms()["committed"] == pytest.approx(346, abs=0.2)


def test_a_typed_question_counts_from_when_it_was_asked() -> None:
    clock = Clock()
    stage_times = StageTimes(clock)
    stage_times.start()
    clock.now += 0.25
    stage_times.mark("llm_first_token")
    assert stage_times.stages_ms() == {"llm_first_token": pytest.approx(250)}
