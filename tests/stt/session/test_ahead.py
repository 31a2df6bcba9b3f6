"""Audio far ahead of real time waits, and what a client leaves behind comes last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from common.config.speech import ListeningSettings
from common.errors import Overloaded
from common.workers import Priority, Urgency
from common.workers.turns import Caller, work_for
from stt_app.core.engine import Transcript, TranscriptionRequest
from stt_app.core.engine_load import EngineLoad
from stt_app.core.session.backlog import Pace
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings
from stt_app.owed import OwedTexts
from tests.clocks import StoppedClock
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessVad, pcm
from tests.waiting import idle

SETTINGS = ListeningSettings(stt_ahead_seconds=5)
SPOKEN = pcm(1, -1)
"""One utterance, two seconds."""


class BusyStt(FakeStt):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.urgencies: list[Urgency] = []
        self.free = asyncio.Event()

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        self.urgencies.append(urgency)
        await urgency.guard(self.free.wait())
        return await super().transcribe(request, urgency)


@pytest.fixture
async def engine() -> AsyncIterator[BusyStt]:
    engine = BusyStt()
    await engine.start()
    yield engine
    engine.free.set()


def session_with(
    engine: BusyStt, clock: StoppedClock, purpose: str = "live"
) -> SttSession:
    options = Options.model_validate({"purpose": purpose, "sample_rate": 16_000})
    engines = SessionEngines(engine, LoudnessVad())
    return SttSession(engines, SessionSettings(SETTINGS, options), clock=clock)


async def fed_seconds(session: SttSession, clock: StoppedClock, speed: float) -> int:
    """How much is taken before the session makes its client wait, up to a minute."""
    for seconds in range(0, 60, 2):
        session.feed(SPOKEN)
        clock.move_on(2 / speed)
        waiting = asyncio.create_task(session.wait_for_capacity())
        await idle()
        if not waiting.done():
            waiting.cancel()
            return seconds + 2
    return 60


async def test_it_makes_a_client_wait_that_is_far_ahead(engine: BusyStt) -> None:
    clock = StoppedClock()
    session = session_with(engine, clock)
    assert await fed_seconds(session, clock, speed=20) < 20
    waiting = asyncio.create_task(session.wait_for_capacity())
    engine.free.set()
    await asyncio.wait_for(waiting, 30)
    assert await fed_seconds(session, clock, speed=20) == 60, "as fast as the engine"
    await session.close()


async def test_it_never_makes_real_time_wait_for_that(engine: BusyStt) -> None:
    clock = StoppedClock()
    session = session_with(engine, clock)
    assert await fed_seconds(session, clock, speed=1) == 60
    engine.free.set()
    await session.close()


async def test_a_recording_may_be_as_far_ahead_as_the_buffer(engine: BusyStt) -> None:
    clock = StoppedClock()
    session = session_with(engine, clock, "file")
    assert await fed_seconds(session, clock, speed=20) == 60
    engine.free.set()
    await session.close()


def test_a_pause_gives_no_credit() -> None:
    clock = StoppedClock()
    pace = Pace(clock)
    pace.hear(10)
    clock.move_on(600)
    pace.hear(10)
    assert pace.ahead_seconds == 10
    clock.move_on(4)
    assert pace.ahead_seconds == 6


async def test_the_texts_of_a_client_that_has_gone_come_last(engine: BusyStt) -> None:
    session = session_with(engine, StoppedClock())
    session.feed(SPOKEN * 3)
    await idle()
    owed = OwedTexts(limit_seconds=60)
    finishing = asyncio.create_task(owed.finish(session))
    await idle()
    assert owed.seconds > 3
    assert {each.priority for each in engine.urgencies} == {Priority.HISTORY}
    engine.free.set()
    assert await finishing
    assert owed.seconds == 0
    assert len(engine.heard) == 3


@pytest.mark.parametrize("limit_seconds", [0, 1], ids=["no history", "too much"])
async def test_what_is_not_owed_is_given_up(
    engine: BusyStt, limit_seconds: float
) -> None:
    session = session_with(engine, StoppedClock())
    session.feed(SPOKEN * 3)
    await idle()
    assert not await asyncio.wait_for(OwedTexts(limit_seconds).finish(session), 30)
    assert engine.heard == []


# The load that decides about newcomers

GREEDY, MODEST = Caller("key:greedy"), Caller("key:modest")


class Calls:
    """Calls of several callers to one engine."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.load = EngineLoad(5, self.clock)
        self._answers: dict[str, asyncio.Event] = {}

    async def ask(self, caller: Caller, name: str) -> Urgency:
        urgency, answer = Urgency(Priority.FINAL), asyncio.Event()
        self._answers[name] = answer

        async def call() -> None:
            work_for(caller)
            with self.load.waiting(urgency):
                await answer.wait()

        self._answers[f"{name}'s task"] = asyncio.create_task(call())  # type: ignore[assignment]
        await asyncio.sleep(0)
        return urgency

    async def answer(self, name: str) -> None:
        self._answers[name].set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def lag_of(self, caller: Caller) -> float:
        async def lag() -> float:
            work_for(caller)
            return self.load.lag_seconds

        return await asyncio.create_task(lag())


async def test_a_greedy_caller_is_late_alone() -> None:
    calls = Calls()
    for name in "abc":
        await calls.ask(GREEDY, name)
    calls.clock.move_on(170)
    await calls.answer("a")
    assert await calls.lag_of(GREEDY) == 170
    assert await calls.lag_of(MODEST) == 0, "its turn comes next"


async def test_an_engine_that_answers_nobody_is_late_for_all() -> None:
    calls = Calls()
    await calls.ask(GREEDY, "a")
    calls.clock.move_on(6)
    assert await calls.lag_of(MODEST) == 6


async def test_it_is_late_for_all_when_most_are_late() -> None:
    calls = Calls()
    callers = [Caller(f"key:{number}") for number in range(4)]
    for caller in callers:
        await calls.ask(caller, f"{caller.principal} 1")
        await calls.ask(caller, f"{caller.principal} 2")
    calls.clock.move_on(6)
    for caller in callers:
        await calls.answer(f"{caller.principal} 1")
    assert await calls.lag_of(MODEST) == 6


async def test_who_has_gone_and_files_make_nobody_late() -> None:
    calls = Calls()
    (await calls.ask(MODEST, "gone")).leave_to_history()
    (await calls.ask(MODEST, "file")).priority = Priority.FILE
    calls.clock.move_on(60)
    assert await calls.lag_of(MODEST) == 0
    await calls.ask(GREEDY, "there")
    calls.clock.move_on(6)
    with pytest.raises(Overloaded, match="6 s late"):
        calls.load.admit()
