"""Partial texts while somebody speaks."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Expired, Overloaded
from common.metrics import REGISTRY
from common.workers import Priority
from stt_app.core.engine import Transcript
from tests.stt.interim.speaking import INTERIM, AskedStt, Time, listening_to, speak


async def test_partial_texts_come_only_when_they_are_asked_for() -> None:
    listening = listening_to(AskedStt(), time := Time())
    await speak(listening, time, 3, -1)
    await listening.end()
    assert listening.of("partial") == []


async def test_partial_texts_grow_and_what_is_stable_stays() -> None:
    listening = listening_to(AskedStt(), time := Time(), INTERIM)
    await speak(listening, time, 4, -1)
    await listening.end()
    partials = listening.of("partial")
    assert len(partials) >= 5
    assert {each.utterance_id for each in partials} == {1}
    stable = ""
    for each in partials:
        assert each.text.startswith(each.stable_text)
        assert each.stable_text.startswith(stable)
        stable = each.stable_text
    assert stable
    kinds = [each.type for each in listening.messages]
    last = len(kinds) - 1 - kinds[::-1].index("partial")
    assert kinds.index("speech_started") < kinds.index("partial")
    assert last < kinds.index("transcript")


async def test_the_first_partial_text_comes_early() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, -1, 0.3)
    assert engine.heard == []
    await speak(listening, time, 0.15)
    assert len(engine.heard) == 1
    await listening.end()


async def test_no_partial_text_is_begun_when_a_pause_has_begun() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(
        engine, time, INTERIM, partial_first_seconds=1.05, preroll_seconds=0
    )
    await speak(listening, time, 1, -0.3)
    assert engine.priorities == [Priority.SPECULATIVE]
    await speak(listening, time, 1)
    assert Priority.INTERIM in engine.priorities
    await listening.end()


async def test_without_prepared_texts_partial_ones_come_in_the_pause_too() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(
        engine, time, INTERIM, partial_first_seconds=1.05, speculative_pause_seconds=0
    )
    await speak(listening, time, 1, -0.3)
    assert engine.priorities == [Priority.INTERIM]
    await listening.end()


async def test_never_more_than_one_partial_text_is_asked_for_at_a_time() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 5)
    assert engine.priorities == [Priority.INTERIM]
    listening.task.cancel()


async def test_slow_partial_texts_come_less_often() -> None:
    class SlowStt(AskedStt):
        async def transcribe(self, *asked: Any) -> Transcript:
            time.now += 1.0
            return await super().transcribe(*asked)

    time = Time()
    engine = SlowStt()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 6)
    # Each takes a second, so one begins every two seconds of the clock.
    assert len(engine.heard) <= 7
    await listening.end()


@pytest.mark.parametrize("error", [Overloaded("busy"), Expired("late")])
async def test_partial_texts_are_left_out_when_the_engine_is_busy(
    error: Exception,
) -> None:
    def shed() -> float:
        labels = {"outcome": "shed"}
        return REGISTRY.get_sample_value("voice_partials_total", labels) or 0.0

    before = shed()
    engine, time = AskedStt(fails=error), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 6, -1)
    await listening.end()
    assert listening.of("partial") == []
    assert listening.of("error") == []
    assert listening.texts[0]
    asked = engine.priorities.count(Priority.INTERIM)
    assert 2 <= asked <= 5, "it asks less and less often"
    assert shed() - before == asked
