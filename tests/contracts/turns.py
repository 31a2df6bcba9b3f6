"""What every turn model does, the fake as well as the real one.

Subclasses give the fixtures `turns`: a model that is started; and `fresh_turns`: one
like it that was never started.
"""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from common.audio import Samples
from common.engine import PartState
from common.errors import EngineFailed, Expired
from common.workers import Priority, Urgency
from stt_app.core.turns.engine import TurnModel


def sound(seconds: float) -> Samples:
    """Noise at 16 kHz."""
    chance = np.random.default_rng(7)
    return (chance.standard_normal(round(seconds * 16_000)) * 0.1).astype(np.float32)


def speculative() -> Urgency:
    """A call in a pause."""
    return Urgency(Priority.SPECULATIVE)


class TurnContract:
    """Subclass it; the fixtures say on what it runs."""

    @pytest.fixture
    def turns(self) -> TurnModel:
        raise NotImplementedError

    @pytest.fixture
    def fresh_turns(self) -> TurnModel:
        raise NotImplementedError

    @pytest.mark.parametrize("seconds", [0.0, 0.01, 3.0, 20.0])
    async def test_it_rates_a_turn_of_any_length(
        self, turns: TurnModel, seconds: float
    ) -> None:
        assert 0 <= await turns.end_of_turn(sound(seconds), speculative()) <= 1

    async def test_only_the_last_eight_seconds_count(self, turns: TurnModel) -> None:
        last = sound(8)
        longer = np.concatenate([np.zeros(48_000, np.float32), last])
        found = [
            await turns.end_of_turn(each, speculative()) for each in (last, longer)
        ]
        assert found[0] == found[1]

    async def test_it_is_available_and_says_so_without_waiting(
        self, turns: TurnModel
    ) -> None:
        turns.warm_up()
        assert turns.available
        assert turns.health().state is PartState.READY
        assert turns.stats().queued == 0

    async def test_it_serves_several_at_once(self, turns: TurnModel) -> None:
        rated = (turns.end_of_turn(sound(1), speculative()) for _ in range(3))
        assert len(set(await asyncio.gather(*rated))) == 1

    async def test_a_call_that_is_given_up_ends_soon(self, turns: TurnModel) -> None:
        urgency = speculative()
        rated = asyncio.create_task(turns.end_of_turn(sound(1), urgency))
        await asyncio.sleep(0)
        urgency.give_up()
        with pytest.raises(Expired):
            await asyncio.wait_for(rated, 5)

    async def test_it_refuses_work_before_it_was_started(
        self, fresh_turns: TurnModel
    ) -> None:
        assert not fresh_turns.available
        assert fresh_turns.health().state is PartState.DOWN
        fresh_turns.warm_up()
        with pytest.raises(EngineFailed):
            await fresh_turns.end_of_turn(sound(1), speculative())

    async def test_stopping_what_never_ran_is_harmless(
        self, fresh_turns: TurnModel
    ) -> None:
        await fresh_turns.stop()
        await fresh_turns.stop()
        assert not fresh_turns.available
