"""The worker pool survives crashes, keeps its bounds, and serves who matters first."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from common.errors import BadValue, EngineFailed, Expired, Overloaded
from common.workers import Priority, Urgency, WorkerPool
from tests.common.workers.held import Held, keep_busy
from tests.waiting import idle, until

pytestmark = pytest.mark.server

HANDLERS = "tests.common.workers.handlers"


@contextlib.asynccontextmanager
async def running(
    handler: str = "Echo", arguments: tuple[Any, ...] = (), **options: Any
) -> AsyncIterator[WorkerPool]:
    pool = WorkerPool("echo", f"{HANDLERS}:{handler}", arguments, **options)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


def say(
    pool: WorkerPool, value: Any, priority: Priority | Urgency = Priority.FINAL
) -> Any:
    return pool.call(("say", value), priority)


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_it_answers_in_either_isolation(isolation: str) -> None:
    async with running(arguments=("hi",), isolation=isolation) as pool:
        assert pool.facts == {"greeting": "hi"}
        assert await say(pool, [1, 2]) == [1, 2]
        worker = await pool.call(("pid",), Priority.FINAL)
        assert (worker == os.getpid()) == (isolation == "thread")
        assert pool.alive == pool.size == 1
    assert pool.alive == 0


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_it_passes_on_errors(isolation: str) -> None:
    async with running(isolation=isolation) as pool:
        with pytest.raises(BadValue) as refused:
            await pool.call(("refuse",), Priority.FINAL)
        assert refused.value.field == "that"
        with pytest.raises(EngineFailed, match="ZeroDivisionError"):
            await pool.call(("fail",), Priority.FINAL)
        with pytest.raises(EngineFailed, match="no answer"):
            await pool.call(("nothing",), Priority.FINAL)
        assert await say(pool, "still here") == "still here"


async def test_it_says_why_it_cannot_start() -> None:
    with pytest.raises(EngineFailed, match="Run `mend it`"):
        async with running("NeverLoads", count=2):
            pass


@pytest.mark.parametrize("busy", [False, True])
async def test_it_lets_a_worker_exit_in_order(tmp_path: Path, busy: bool) -> None:
    note = tmp_path / "note"
    pool = WorkerPool("tidy", f"{HANDLERS}:Tidy", (str(note),))
    await pool.start()
    request = ("count", 1_000, 0.05, str(tmp_path / "count"))
    counting = pool.stream(request, Priority.FINAL)
    if busy:
        assert await anext(counting) is not None
    await pool.stop()
    assert note.exists()


async def test_it_gives_up_on_a_worker_that_never_loads() -> None:
    with pytest.raises(EngineFailed, match=r"did not load within 1 s"):
        async with running("LoadsSlowly", start_timeout_seconds=1):
            pass


async def test_it_tries_the_job_of_a_crashed_worker_once_more(tmp_path: Path) -> None:
    async with running() as pool:
        answer = await pool.call(("die_once", str(tmp_path / "m")), Priority.FINAL)
        assert answer == "second try"
        assert pool.restarts == 1


async def test_it_does_not_try_a_deadly_job_for_ever(tmp_path: Path) -> None:
    marker = tmp_path / "tries"
    async with running() as pool:
        with pytest.raises(EngineFailed, match="died at work"):
            await pool.call(("always_die", str(marker)), Priority.FINAL)
        assert marker.read_text() == "xx"
        assert await say(pool, "next") == "next"


async def test_it_never_repeats_what_it_has_already_given_out() -> None:
    async with running() as pool:
        got = []
        with pytest.raises(EngineFailed, match="died at work"):
            async for item in pool.stream(("die_after_one",), Priority.FINAL):
                got.append(item)
        assert got == ["one"]


async def test_it_survives_kill_9_at_work(tmp_path: Path) -> None:
    async with running() as pool:
        busy = await keep_busy(pool, tmp_path)
        os.kill(pool.processes[0], signal.SIGKILL)
        await until(lambda: pool.restarts == 1)
        assert await busy.end() == "busy"
        assert pool.restarts == 1


async def test_it_replaces_an_idle_worker_that_was_killed() -> None:
    async with running() as pool:
        first = pool.processes[0]
        os.kill(first, signal.SIGKILL)
        await until(lambda: pool.restarts == 1)
        await until(lambda: pool.alive == 1)
        assert pool.processes != [first]
        assert await say(pool, "back") == "back"


async def test_its_other_workers_go_on_while_one_is_replaced() -> None:
    async with running(count=2) as pool:
        os.kill(pool.processes[0], signal.SIGKILL)
        await until(lambda: pool.restarts == 1)
        assert await say(pool, "quick") == "quick"
        await until(lambda: pool.alive == 2)


async def test_it_refuses_work_while_no_worker_can_start(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.touch()
    async with running("LoadsOnce", (str(model),)) as pool:
        assert await pool.call("a", Priority.FINAL) == "a"
        model.unlink()
        os.kill(pool.processes[0], signal.SIGKILL)
        await until(lambda: pool.alive == 0)
        with pytest.raises(EngineFailed, match="model is gone"):
            await pool.call("b", Priority.FINAL)
        model.touch()
        await until(lambda: pool.alive == 1)
        assert await pool.call("c", Priority.FINAL) == "c"


async def test_its_workers_leave_sigterm_to_the_server(tmp_path: Path) -> None:
    async with running() as pool:
        busy = await keep_busy(pool, tmp_path)
        os.kill(pool.processes[0], signal.SIGTERM)
        assert await busy.end() == "busy"
        assert pool.restarts == 0


async def test_its_queue_is_bounded(tmp_path: Path) -> None:
    async with running(queue_limit=2) as pool:
        busy = await keep_busy(pool, tmp_path)
        jobs = [asyncio.create_task(say(pool, n)) for n in (1, 2)]
        await until(lambda: pool.queued == 2)
        with pytest.raises(Overloaded) as refused:
            await say(pool, 3)
        assert refused.value.retry_after_seconds == 1
        assert await busy.end() == "busy"
        assert await asyncio.gather(*jobs) == [1, 2]


async def test_a_cancelled_job_gives_its_place_to_another(tmp_path: Path) -> None:
    async with running(queue_limit=1) as pool:
        busy = await keep_busy(pool, tmp_path)
        waiting = asyncio.create_task(say(pool, "waiting"))
        await until(lambda: pool.queued == 1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        another = asyncio.create_task(say(pool, "another"))
        await idle()
        assert await busy.end() == "busy"
        assert await another == "another"


async def test_it_serves_by_priority_and_then_by_age(tmp_path: Path) -> None:
    async with running() as pool:
        order: list[str] = []

        async def ask(name: str, priority: Priority) -> None:
            order.append(await say(pool, name, priority))

        busy = await keep_busy(pool, tmp_path)
        asked = [
            asyncio.create_task(ask(name, priority))
            for name, priority in [
                ("file", Priority.FILE),
                ("interim", Priority.INTERIM),
                ("final 1", Priority.FINAL),
                ("clause", Priority.FIRST_CLAUSE),
                ("final 2", Priority.FINAL),
            ]
        ]
        await until(lambda: pool.queued == len(asked))
        await busy.end()
        await asyncio.gather(*asked)
        assert order == ["final 1", "final 2", "clause", "interim", "file"]


async def test_a_waiting_job_can_be_made_more_urgent(tmp_path: Path) -> None:
    async with running() as pool:
        order: list[str] = []

        async def ask(name: str, urgency: Urgency) -> None:
            order.append(await say(pool, name, urgency))

        busy = await keep_busy(pool, tmp_path)
        raised = Urgency(Priority.SPECULATIVE)
        clause = asyncio.create_task(ask("clause", Urgency(Priority.LATER_CLAUSE)))
        guess = asyncio.create_task(ask("guess", raised))
        await until(lambda: pool.queued == 2)
        raised.priority = Priority.FINAL
        await busy.end()
        await asyncio.gather(clause, guess)
        assert order == ["guess", "clause"]


async def test_a_job_that_waits_past_its_deadline_is_refused(tmp_path: Path) -> None:
    async with running() as pool:
        busy = await keep_busy(pool, tmp_path)
        urgency = Urgency(Priority.INTERIM, deadline=time.monotonic())
        late = asyncio.create_task(say(pool, "late", urgency))
        await until(lambda: pool.queued == 1)
        assert await busy.end() == "busy"
        with pytest.raises(Expired):
            await late


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_leaving_the_stream_ends_the_work(tmp_path: Path, isolation: str) -> None:
    log = tmp_path / "count"
    async with running(isolation=isolation) as pool:
        stream = pool.stream(("count", 100, 0.05, str(log)), Priority.FINAL)
        async for number in stream:
            if number == 2:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        assert await say(pool, "free") == "free"
        assert int(log.read_text()) < 99


async def test_it_replaces_a_worker_past_its_memory_cap() -> None:
    async with running(memory_cap_mb=250) as pool:
        first = await pool.call(("grow", 1), Priority.FINAL)
        assert await pool.call(("pid",), Priority.FINAL) == first
        await pool.call(("grow", 300), Priority.FINAL)
        await until(lambda: pool.restarts == 1)
        assert await pool.call(("pid",), Priority.FINAL) != first
        assert max(pool.memory_mb) < 250


async def test_a_worker_with_a_memory_limit_gets_no_more() -> None:
    async with running(memory_limit_mb=200) as pool:
        with pytest.raises(EngineFailed, match="MemoryError"):
            await pool.call(("grow", 400), Priority.FINAL)
        assert await say(pool, "still here") == "still here"


async def test_stopping_ends_all_workers_and_refuses_what_waits(
    tmp_path: Path,
) -> None:
    async with running() as pool:
        pids = pool.processes
        held = Held(tmp_path, "busy")
        busy = asyncio.create_task(pool.call(held.request, Priority.FINAL))
        await held.at_work()
        waiting = asyncio.create_task(say(pool, "late"))
        await until(lambda: pool.queued == 1)
        await pool.stop()
        for job in (busy, waiting):
            with pytest.raises(EngineFailed):
                await job
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert pool.restarts == 0
        with pytest.raises(EngineFailed, match="not running"):
            await say(pool, "later")


async def test_it_can_start_again() -> None:
    async with running() as pool:
        await pool.stop()
        await pool.stop()
        await pool.start()
        assert await say(pool, "again") == "again"


@pytest.mark.skipif(os.name != "posix", reason="Windows has classes of priority")
@pytest.mark.parametrize(("background", "lower"), [(True, 10), (False, 0)])
async def test_a_pool_in_the_background_gives_way_to_usual_processes(
    background: bool, lower: int
) -> None:
    own = psutil.Process().nice()
    async with running(background=background) as pool:
        pid = await pool.call(("pid",), Priority.FINAL)
        assert psutil.Process(pid).nice() == min(19, own + lower)
