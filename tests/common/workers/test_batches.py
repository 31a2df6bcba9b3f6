"""Jobs that go together are worked on together, and none is lost or starved."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from common.errors import BadValue
from common.workers import WorkerPool
from common.workers.backlog import AGEING_SECONDS, Backlog, Job, Priority, Urgency
from tests.common.workers.test_pool import running, until

BUSY_SECONDS = 0.3


async def behind_a_busy_worker(pool: WorkerPool, *requests: Any) -> list[Any]:
    """The answers to requests that gathered while the only worker was at work."""
    busy = asyncio.create_task(pool.call(("sleep", BUSY_SECONDS, ""), Priority.FINAL))
    await until(lambda: pool.queued == 0 and bool(pool.processes))
    await asyncio.sleep(0.1)
    calls = [pool.call(each, Priority.FINAL, batch_key="same") for each in requests]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    await busy
    return answers


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_what_waits_together_is_answered_together(isolation: str) -> None:
    async with running("Batched", (3,), isolation=isolation) as pool:
        said = [("say", each) for each in "abcd"]
        answers = await behind_a_busy_worker(pool, *said)
        assert answers == [("a", 3), ("b", 3), ("c", 3), "d"]


async def test_a_handler_that_takes_one_at_a_time_gets_one_at_a_time() -> None:
    async with running() as pool:
        answers = await behind_a_busy_worker(pool, ("say", "a"), ("say", "b"))
        assert answers == ["a", "b"]


async def test_a_bad_job_spoils_only_itself() -> None:
    async with running("Batched", (3,)) as pool:
        said = [("say", "a"), ("refuse",), ("say", "c")]
        first, refused, third = await behind_a_busy_worker(pool, *said)
        assert first == ("a", 3)
        assert isinstance(refused, BadValue)
        assert third == "c"
        assert pool.restarts == 0


async def test_each_job_of_a_batch_that_died_is_tried_once_more(tmp_path: Path) -> None:
    async with running("Batched", (3,)) as pool:
        deadly = ("die_once", str(tmp_path / "marker"))
        answers = await behind_a_busy_worker(pool, ("say", "a"), deadly, ("say", "c"))
        assert answers == [("a", 3), "second try", "c"]
        assert pool.restarts == 1


async def test_a_batch_survives_kill_9() -> None:
    async with running("Batched", (3,)) as pool:
        slow = [("sleep", 0.5, each) for each in "abc"]
        asking = asyncio.create_task(behind_a_busy_worker(pool, *slow))
        await asyncio.sleep(BUSY_SECONDS + 0.4)
        os.kill(pool.processes[0], signal.SIGKILL)
        answers = await asking
        assert [each[0] for each in answers] == ["a", "b", "c"]


async def test_a_batch_goes_on_when_one_of_its_callers_leaves() -> None:
    async with running("Batched", (2,)) as pool:
        busy = asyncio.create_task(
            pool.call(("sleep", BUSY_SECONDS, ""), Priority.FINAL)
        )
        await asyncio.sleep(0.1)
        leaving, staying = (
            asyncio.create_task(
                pool.call(("sleep", 0.3, each), Priority.FINAL, batch_key="same")
            )
            for each in "ab"
        )
        await asyncio.sleep(BUSY_SECONDS)
        leaving.cancel()
        assert await staying == ("b", 2)
        await busy


def job(number: int, priority: Priority, key: str | None = "k", age: float = 0) -> Job:
    made = Job(Urgency(priority), number, number, lambda _kind, _value: None, key)
    made.since -= age
    return made


def taken(*jobs: Job, most: int = 4) -> list[int]:
    backlog = Backlog(10)
    for each in jobs:
        backlog.put(each)
    return [each.number for each in backlog.take(lambda: True, most)]


def test_a_batch_holds_jobs_of_one_key_and_priority() -> None:
    final = job(1, Priority.FINAL)
    assert taken(job(0, Priority.INTERIM), final, job(2, Priority.FINAL)) == [1, 2]
    assert taken(final, job(2, Priority.FINAL, "other")) == [1]
    assert taken(job(1, Priority.FINAL, None), job(2, Priority.FINAL, None)) == [1]
    assert taken(*(job(each, Priority.FINAL) for each in range(6))) == [0, 1, 2, 3]


def test_waiting_makes_a_job_more_urgent() -> None:
    later = Priority.LATER_CLAUSE
    patient = job(1, later, age=AGEING_SECONDS * (later + 1))
    fresh = job(2, Priority.FINAL)
    assert taken(fresh, patient, most=1) == [1]
    assert taken(fresh, job(1, later, age=AGEING_SECONDS), most=1) == [2]


def test_a_file_never_goes_before_anybody_who_speaks() -> None:
    file = job(1, Priority.FILE, age=3_600)
    assert taken(file, job(2, Priority.INTERIM), most=1) == [2]
    assert taken(file, job(2, Priority.FILE), most=1) == [1]


def test_a_closed_backlog_sends_takers_away() -> None:
    backlog = Backlog(10)
    threading.Timer(0.1, backlog.close).start()
    assert backlog.take(lambda: True) == []
