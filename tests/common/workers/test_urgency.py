"""A caller's handle on its call: it raises it, and gives it up."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from common.errors import EngineFailed, Expired
from common.workers import Priority, Urgency
from tests.common.workers.held import keep_busy
from tests.common.workers.test_pool import running, say
from tests.waiting import idle, until

pytestmark = pytest.mark.server


def test_it_is_raised_and_never_lowered() -> None:
    urgency = Urgency(Priority.SPECULATIVE, deadline=1.0)
    urgency.raise_to(Priority.FINAL)
    assert (urgency.priority, urgency.deadline) == (Priority.FINAL, None)
    urgency.raise_to(Priority.FILE)
    assert urgency.priority is Priority.FINAL


async def test_a_raised_call_overtakes_what_waits_with_it(tmp_path: Path) -> None:
    async with running() as pool:
        order: list[str] = []

        async def ask(name: str, urgency: Urgency) -> None:
            order.append(await say(pool, name, urgency))

        busy = await keep_busy(pool, tmp_path)
        # It has passed when the worker is free.
        raised = Urgency(Priority.SPECULATIVE, deadline=time.monotonic())
        clause = asyncio.create_task(ask("clause", Urgency(Priority.LATER_CLAUSE)))
        guess = asyncio.create_task(ask("guess", raised))
        await until(lambda: pool.queued == 2)
        raised.raise_to(Priority.FINAL)
        await busy.end()
        await asyncio.gather(clause, guess)
        assert order == ["guess", "clause"], "and its deadline holds no more"


async def test_a_call_that_waits_is_given_up_at_once(tmp_path: Path) -> None:
    async with running(queue_limit=1) as pool:
        busy = await keep_busy(pool, tmp_path)
        urgency = Urgency(Priority.SPECULATIVE)
        waiting = asyncio.create_task(say(pool, "waiting", urgency))
        await until(lambda: pool.queued == 1)
        urgency.give_up()
        with pytest.raises(Expired):
            await waiting
        another = asyncio.create_task(say(pool, "another"))
        await idle()
        assert await busy.end() == "busy"
        assert await another == "another", "its place is free"


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_a_call_at_work_is_given_up_and_its_work_ends(
    tmp_path: Path, isolation: str
) -> None:
    log = tmp_path / "count"
    async with running(isolation=isolation) as pool:
        urgency = Urgency(Priority.SPECULATIVE)
        numbers = []
        with pytest.raises(Expired):
            async for number in pool.stream(("count", 100, 0.05, str(log)), urgency):
                numbers.append(number)
                if number == 2:
                    urgency.give_up()
        assert numbers[:3] == [0, 1, 2]
        assert await say(pool, "free") == "free"
        assert int(log.read_text()) < 99


async def test_a_handle_that_was_given_up_serves_no_later_call() -> None:
    urgency = Urgency(Priority.SPECULATIVE)
    urgency.give_up()
    urgency.give_up()
    async with running() as pool:
        with pytest.raises(Expired):
            await say(pool, "late", urgency)


async def test_giving_up_after_the_answer_harms_nobody() -> None:
    async with running() as pool:
        urgency = Urgency(Priority.FINAL)
        assert await say(pool, "first", urgency) == "first"
        assert await say(pool, "second", urgency) == "second"
        urgency.give_up()
        assert await say(pool, "third") == "third"


# Engines without a pool


async def answer(seconds: float, value: Any) -> Any:
    await asyncio.sleep(seconds)
    if isinstance(value, Exception):
        raise value
    return value


async def test_guarded_work_gives_its_result_or_its_error() -> None:
    urgency = Urgency(Priority.FINAL)
    assert await urgency.guard(answer(0, "text")) == "text"
    with pytest.raises(EngineFailed):
        await urgency.guard(answer(0, EngineFailed("It broke.")))


async def test_guarded_work_ends_when_it_is_given_up() -> None:
    urgency = Urgency(Priority.SPECULATIVE)
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    asked = asyncio.create_task(urgency.guard(work()))
    await idle()
    urgency.give_up()
    with pytest.raises(Expired):
        await asyncio.wait_for(asked, 30)
    assert ended.is_set()


async def test_cancelling_the_caller_ends_guarded_work_too() -> None:
    urgency = Urgency(Priority.SPECULATIVE)
    asked = asyncio.create_task(urgency.guard(answer(60, "late")))
    await idle()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asked, 30)
