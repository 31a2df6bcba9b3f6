"""Jobs that go together are worked on together, and none is lost or starved."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from common.errors import BadValue, Expired
from common.workers import WorkerPool
from common.workers.backlog import (
    AGEING_SECONDS,
    FILE_AGEING_SECONDS,
    Backlog,
    Job,
    Priority,
    Urgency,
)
from tests.clocks import StoppedClock
from tests.common.workers.held import Held, keep_busy
from tests.common.workers.test_pool import running
from tests.waiting import until

pytestmark = pytest.mark.server


def ask(pool: WorkerPool, request: Any) -> asyncio.Task[Any]:
    return asyncio.create_task(pool.call(request, Priority.FINAL, batch_key="same"))


async def behind_a_busy_worker(
    pool: WorkerPool, folder: Path, *requests: Any
) -> list[asyncio.Task[Any]]:
    """Requests that gathered while the only worker was at work; now it is free."""
    busy = await keep_busy(pool, folder)
    asked = [ask(pool, each) for each in requests]
    await until(lambda: pool.queued == len(requests))
    await busy.end()
    return asked


async def answers_of(asked: list[asyncio.Task[Any]]) -> list[Any]:
    return await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_what_waits_together_is_answered_together(
    isolation: str, tmp_path: Path
) -> None:
    async with running("Batched", (3,), isolation=isolation) as pool:
        said = [("say", each) for each in "abcd"]
        answers = await answers_of(await behind_a_busy_worker(pool, tmp_path, *said))
        assert answers == [("a", 3), ("b", 3), ("c", 3), "d"]


async def test_a_handler_that_takes_one_at_a_time_gets_one_at_a_time(
    tmp_path: Path,
) -> None:
    async with running() as pool:
        said = [("say", "a"), ("say", "b")]
        answers = await answers_of(await behind_a_busy_worker(pool, tmp_path, *said))
        assert answers == ["a", "b"]


async def test_a_bad_job_spoils_only_itself(tmp_path: Path) -> None:
    async with running("Batched", (3,)) as pool:
        said = [("say", "a"), ("refuse",), ("say", "c")]
        asked = await behind_a_busy_worker(pool, tmp_path, *said)
        first, refused, third = await answers_of(asked)
        assert first == ("a", 3)
        assert isinstance(refused, BadValue)
        assert third == "c"
        assert pool.restarts == 0


async def test_each_job_of_a_batch_that_died_is_tried_once_more(tmp_path: Path) -> None:
    async with running("Batched", (3,)) as pool:
        said = [("say", "a"), ("die_once", str(tmp_path / "marker")), ("say", "c")]
        answers = await answers_of(await behind_a_busy_worker(pool, tmp_path, *said))
        assert answers == [("a", 3), "second try", "c"]
        assert pool.restarts == 1


async def test_a_batch_survives_kill_9(tmp_path: Path) -> None:
    async with running("Batched", (3,)) as pool:
        first, worker = Held(tmp_path, "a"), pool.processes[0]
        said = [first.request, ("say", "b"), ("say", "c")]
        asked = await behind_a_busy_worker(pool, tmp_path, *said)
        await first.at_work()
        os.kill(worker, signal.SIGKILL)
        await until(lambda: pool.restarts == 1)
        first.release()
        assert await answers_of(asked) == ["a", "b", "c"]


async def test_a_batch_goes_on_when_one_of_its_callers_leaves(tmp_path: Path) -> None:
    async with running("Batched", (2,)) as pool:
        first = Held(tmp_path, "a")
        said = [first.request, ("say", "b")]
        leaving, staying = await behind_a_busy_worker(pool, tmp_path, *said)
        await first.at_work()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        first.release()
        assert await staying == ("b", 2)


def job(
    number: int,
    priority: Priority,
    key: str | None = "k",
    deadline: float | None = None,
) -> Job:
    urgency = Urgency(priority, deadline)
    return Job(urgency, number, number, lambda _kind, _value: None, key)


def take(backlog: Backlog, most: int = 4) -> list[int]:
    return [each.number for each in backlog.take(lambda: True, most)]


def taken(*jobs: Job) -> list[int]:
    backlog = Backlog(10)
    for each in jobs:
        backlog.put(each)
    return take(backlog)


def test_a_batch_holds_jobs_of_one_key_and_priority() -> None:
    final = job(1, Priority.FINAL)
    assert taken(job(0, Priority.INTERIM), final, job(2, Priority.FINAL)) == [1, 2]
    assert taken(final, job(2, Priority.FINAL, "other")) == [1]
    assert taken(job(1, Priority.FINAL, None), job(2, Priority.FINAL, None)) == [1]
    assert taken(*(job(each, Priority.FINAL) for each in range(6))) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("seconds", "first"),
    [
        (AGEING_SECONDS * Priority.LATER_CLAUSE + 0.1, 1),
        (AGEING_SECONDS * Priority.LATER_CLAUSE - 0.1, 2),
    ],
)
def test_waiting_makes_a_job_more_urgent(seconds: float, first: int) -> None:
    backlog = Backlog(10, clock := StoppedClock())
    backlog.put(job(1, Priority.LATER_CLAUSE))
    clock.move_on(seconds)
    backlog.put(job(2, Priority.FINAL))
    assert take(backlog, most=1) == [first]


def test_a_file_gives_way_to_anybody_who_speaks() -> None:
    backlog = Backlog(10, clock := StoppedClock())
    backlog.put(job(1, Priority.FILE))
    clock.move_on(FILE_AGEING_SECONDS - 0.1)
    backlog.put(job(2, Priority.FILE))
    backlog.put(job(3, Priority.INTERIM))
    assert [take(backlog, most=1) for _ in range(3)] == [[3], [1], [2]]


@pytest.mark.parametrize("speech", [Priority.FINAL, Priority.INTERIM])
def test_a_file_is_not_starved_by_speech_without_end(speech: Priority) -> None:
    backlog = Backlog(10, clock := StoppedClock())
    backlog.put(job(1, Priority.FILE))
    for number in range(2, 1_000):
        clock.move_on(1)
        backlog.put(job(number, speech))
        if take(backlog, most=1) == [1]:
            break
    steps = Priority.FILE - speech
    assert number == pytest.approx(FILE_AGEING_SECONDS * steps, abs=3)


def test_a_job_that_waits_past_its_deadline_is_refused() -> None:
    told: list[Any] = []
    backlog = Backlog(10, clock := StoppedClock())
    late = Urgency(Priority.FINAL, deadline=clock() + 5)
    backlog.put(Job(late, 1, 1, lambda kind, value: told.append((kind, value))))
    backlog.put(job(2, Priority.FINAL, deadline=clock() + 9))
    clock.move_on(5)
    backlog.put(job(3, Priority.INTERIM))
    assert told == []
    clock.move_on(0.1)
    assert take(backlog, most=1) == [2]
    ((kind, error),) = told
    assert kind == "error"
    assert isinstance(error, Expired)


def test_a_closed_backlog_sends_takers_away() -> None:
    backlog = Backlog(10)
    threading.Timer(0.1, backlog.close).start()
    assert backlog.take(lambda: True) == []
