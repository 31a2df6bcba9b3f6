"""Semantic endpointing: the turn model makes a pause shorter or longer."""

from __future__ import annotations

from typing import Any

import pytest

from common.audio import SPEECH_RATE_HZ
from stt_app.core.events import SpeechEnded, TurnRated
from stt_app.core.session.options import Options
from tests.fakes import FakeStt, FakeTurns
from tests.stt.interim.speaking import Time, speak
from tests.stt.listening import Listening

SEMANTIC = Options(endpointing="semantic")


def listening_with(
    turns: FakeTurns | None,
    options: Options = SEMANTIC,
    texts: tuple[str, ...] = (),
    **changes: Any,
) -> tuple[Listening, Time]:
    time = Time()
    changes = {"speculative_pause_seconds": 0.12, **changes}
    return Listening(FakeStt(texts), options, time, turns=turns, **changes), time


async def pause_of(listening: Listening, time: Time) -> float:
    """The pause that ends the turn, to 20 ms."""
    await speak(listening, time, -0.5, 1)
    for step in range(200):
        if listening.all(SpeechEnded):
            return step * 0.02
        await speak(listening, time, -0.02)
    raise AssertionError("the turn did not end")


@pytest.mark.parametrize(
    ("probability", "seconds"), [(0.9, 0.32), (0.5, 0.32), (0.3, 0.64), (0.1, 1.6)]
)
async def test_the_pause_depends_on_the_probability(
    probability: float, seconds: float
) -> None:
    listening, time = listening_with(FakeTurns([probability]))
    assert await pause_of(listening, time) == pytest.approx(seconds, abs=0.05)
    await listening.end()
    assert len(listening.history) == 1


@pytest.mark.parametrize(
    ("options", "turns", "seconds"),
    [
        (Options(endpointing="fixed"), FakeTurns([0.0]), 0.7),
        (Options(endpointing="vad"), FakeTurns([0.0]), 0.7),
        (Options(), FakeTurns([0.0]), 0.7),
        (Options(endpointing="semantic", purpose="file"), FakeTurns([0.0]), 0.7),
        (SEMANTIC, None, 0.7),
        (SEMANTIC, FakeTurns([0.0], seconds=30), 0.7),
        (Options(endpointing="semantic", semantic_max_seconds=2), FakeTurns([0.0]), 2),
    ],
    ids=["fixed", "vad", "default", "file", "no model", "late", "maximum"],
)
async def test_without_an_answer_the_pause_is_a_fixed_one(
    options: Options, turns: FakeTurns | None, seconds: float
) -> None:
    listening, time = listening_with(turns, options)
    assert await pause_of(listening, time) == pytest.approx(seconds, abs=0.05)
    await listening.end()


async def test_a_hanging_word_is_waited_for_however_sure_the_model_is() -> None:
    listening, time = listening_with(FakeTurns([0.9]), texts=("I would like tea and",))
    assert await pause_of(listening, time) == pytest.approx(1.6, abs=0.05)
    assert [each.hangs for each in listening.all(TurnRated)][-1]
    await listening.end()


async def test_it_hears_the_whole_turn_once_in_each_pause() -> None:
    turns = FakeTurns([0.1, 0.9])
    listening, time = listening_with(turns)
    await speak(listening, time, 1, -1.0, 1, -0.6)
    assert len(listening.all(SpeechEnded)) == 1
    seconds = [len(heard) / SPEECH_RATE_HZ for heard in turns.heard]
    assert seconds == pytest.approx([1.13, 3.13], abs=0.08)
    assert [each.probability for each in listening.all(TurnRated)] == [0.1, 0.9]
    await listening.end()


async def test_an_answer_for_a_pause_that_is_over_is_dropped() -> None:
    turns = FakeTurns([0.9], seconds=0.02)
    listening, time = listening_with(turns)
    await speak(listening, time, 1, -0.2, 1)
    assert len(turns.heard) == 1
    assert listening.all(TurnRated) == []
    await listening.end()


async def test_a_turn_that_was_cut_at_its_maximum_is_heard_whole() -> None:
    turns = FakeTurns()
    listening, time = listening_with(turns, max_utterance_seconds=3)
    await speak(listening, time, 4, -0.6)
    assert len(turns.heard[0]) / SPEECH_RATE_HZ == pytest.approx(4.13, abs=0.1)
    await speak(listening, time, 1, -0.6)
    assert len(turns.heard[1]) / SPEECH_RATE_HZ < 2
    await listening.end()


async def test_configure_changes_it_in_the_middle_of_a_stream() -> None:
    listening, time = listening_with(FakeTurns([0.9]), Options())
    listening.session.configure(SEMANTIC)
    assert await pause_of(listening, time) == pytest.approx(0.32, abs=0.05)
    await listening.end()
