"""The fake and the real turn model keep one contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.config.models import ModelSettings
from common.engine import PartState
from common.errors import EngineFailed, ModelMissing
from stt_app.core.turns.none import NoTurnModel
from stt_app.core.turns.smart_turn import SmartTurn
from tests.contracts.turns import TurnContract, sound, speculative
from tests.fakes import FakeTurns
from tests.stt.turns.test_features import rising_tone

IN_THREAD = ModelSettings(engine_isolation="thread")


class TestFakeTurns(TurnContract):
    @pytest.fixture
    def turns(self) -> FakeTurns:
        model = FakeTurns()
        model.started = True
        return model

    @pytest.fixture
    def fresh_turns(self) -> FakeTurns:
        return FakeTurns()


@pytest.fixture
async def smart_turn() -> AsyncIterator[SmartTurn]:
    model = SmartTurn(IN_THREAD)
    await model.start()
    yield model
    await model.stop()


@pytest.mark.model
class TestSmartTurn(TurnContract):
    @pytest.fixture
    def turns(self, smart_turn: SmartTurn) -> SmartTurn:
        return smart_turn

    @pytest.fixture
    def fresh_turns(self) -> SmartTurn:
        return SmartTurn(IN_THREAD)


@pytest.mark.model
async def test_it_answers_as_the_publishers_own_code(smart_turn: SmartTurn) -> None:
    # By `LocalSmartTurnAnalyzerV3` of pipecat-ai 1.14.0.
    found = await smart_turn.end_of_turn(rising_tone(), speculative())
    assert found == pytest.approx(0.8596, abs=0.01)


@pytest.mark.model
async def test_its_process_starts_with_the_first_question() -> None:
    model = SmartTurn(ModelSettings())
    await model.start()
    try:
        assert model.stats().processes == ()
        assert "starts with the first session" in model.health().summary
        await model.end_of_turn(sound(1), speculative())
        assert len(model.stats().processes) == 1
        assert "ready" in model.health().summary
    finally:
        await model.stop()
    assert model.stats().processes == ()


async def test_without_its_file_it_says_how_to_get_it() -> None:
    def nowhere(_settings: ModelSettings) -> Path:
        raise ModelMissing("It is not installed. Fix it with: ...")

    model = SmartTurn(IN_THREAD, nowhere)
    with pytest.raises(ModelMissing):
        await model.start()
    assert not model.available
    assert model.health().state is PartState.DOWN
    assert "Fix it with" in model.health().summary


async def test_none_is_a_model_that_is_never_available() -> None:
    model = NoTurnModel()
    await model.start()
    model.warm_up()
    assert not model.available
    assert model.health().state is PartState.READY
    with pytest.raises(EngineFailed):
        await model.end_of_turn(sound(1), speculative())
    await model.stop()
