"""A worker that hangs is noticed, said, killed and replaced; stopping waits for none."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from common.config import project_dir
from common.engine import PartState
from common.errors import EngineFailed
from common.metrics import WORKER_HANGS
from common.workers import Patience, Priority, WorkerPool
from common.workers.patience import JobTimer
from tests.common.workers.test_pool import HANDLERS, running, say, until

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="Windows cannot stop a process and let it go on"
)

SHORT = Patience(seconds=1)
"""Also on a busy machine a worker echoes well within it."""
FULL_PIPE_BYTES = 5_000_000
STOP_SECONDS = 5.0


def freeze(pool: WorkerPool) -> int:
    """Stop the pool's worker where it is; its process id."""
    pid = pool.processes[0]
    os.kill(pid, signal.SIGSTOP)
    return pid


async def test_a_job_at_which_a_worker_hangs_is_tried_once_more(tmp_path: Path) -> None:
    before = WORKER_HANGS.labels("echo")._value.get()
    async with running(patience=SHORT) as pool:
        hung = pool.processes
        marker = str(tmp_path / "marker")
        answer = await pool.call(("freeze_once", marker), Priority.FINAL)
        assert answer == "second try"
        assert pool.restarts == 1
        assert not psutil.pid_exists(hung[0])
    assert WORKER_HANGS.labels("echo")._value.get() == before + 1


async def test_a_job_at_which_every_worker_hangs_is_given_up() -> None:
    async with running(patience=SHORT) as pool:
        with pytest.raises(EngineFailed, match="gave nothing for") as failed:
            await pool.call(("freeze",), Priority.FINAL)
        assert failed.value.retry_after_seconds == 1
        assert await say(pool, "next") == "next"


async def test_what_was_given_out_before_it_hung_is_not_repeated() -> None:
    async with running(patience=SHORT) as pool:
        got = []
        with pytest.raises(EngineFailed, match="gave nothing for"):
            async for item in pool.stream(("freeze_after_one",), Priority.FINAL):
                got.append(item)
        assert got == ["one"]


async def test_a_batch_at_which_a_worker_hangs_is_answered(tmp_path: Path) -> None:
    async with running("Batched", (3,), patience=SHORT) as pool:
        busy = asyncio.create_task(pool.call(("sleep", 0.3, ""), Priority.FINAL))
        await asyncio.sleep(0.1)
        requests = [("say", "a"), ("freeze_once", str(tmp_path / "m")), ("say", "c")]
        calls = [pool.call(each, Priority.FINAL, batch_key="k") for each in requests]
        first, second, third = await asyncio.gather(*calls)
        assert (first, second, third) == (("a", 3), "second try", "c")
        await busy


async def test_a_long_job_may_go_on_while_it_gives_something(tmp_path: Path) -> None:
    async with running(patience=SHORT) as pool:
        request = ("count", 5, 0.4, str(tmp_path / "log"))
        numbers = [each async for each in pool.stream(request, Priority.FINAL)]
        assert numbers == [0, 1, 2, 3, 4]
        assert pool.restarts == 0


async def test_a_worker_that_reads_no_job_is_replaced_too() -> None:
    async with running(patience=SHORT) as pool:
        hung = freeze(pool)
        job = b"x" * FULL_PIPE_BYTES
        assert await say(pool, job) == job
        assert not psutil.pid_exists(hung)


async def test_a_worker_that_hangs_in_mid_answer_is_replaced(tmp_path: Path) -> None:
    async with running(patience=Patience(seconds=3)) as pool:
        request = ("freeze_in_mid_answer", str(tmp_path / "marker"), 200)
        assert len(await pool.call(request, Priority.FINAL)) == 200_000_000


async def test_a_client_that_leaves_does_not_save_a_worker_that_hangs() -> None:
    async with running(patience=SHORT) as pool:
        hung = pool.processes[0]
        job = asyncio.create_task(pool.call(("freeze",), Priority.FINAL))
        await asyncio.sleep(0.2)
        job.cancel()
        await until(lambda: pool.alive == 1 and pool.processes != [hung])
        assert await say(pool, "next") == "next"


async def test_its_state_says_how_long_nothing_has_come() -> None:
    async with running(patience=Patience(seconds=8)) as pool:
        assert (pool.state, pool.condition) == (PartState.READY, "ready")
        assert pool.oldest_job_seconds == 0
        job = asyncio.create_task(pool.call(("freeze",), Priority.FINAL))
        await until(lambda: pool.state is PartState.DEGRADED)
        assert 2 < pool.oldest_job_seconds < 4
        assert pool.condition == "a worker has given nothing for 2 s"
        await until(lambda: pool.state is PartState.DOWN)
        assert 4 < pool.oldest_job_seconds < 8
        job.cancel()
    assert pool.state is PartState.DOWN


async def test_one_of_two_workers_that_hangs_leaves_it_degraded() -> None:
    async with running(count=2, patience=Patience(seconds=4)) as pool:
        job = asyncio.create_task(pool.call(("freeze",), Priority.FINAL))
        await until(lambda: pool.oldest_job_seconds > 2.5)
        assert pool.state is PartState.DEGRADED
        assert await say(pool, "quick") == "quick"
        job.cancel()


@pytest.mark.parametrize("job", [b"", b"x" * FULL_PIPE_BYTES], ids=["", "full pipe"])
async def test_stopping_waits_for_no_worker_that_hangs(job: bytes) -> None:
    async with running() as pool:
        hung = freeze(pool)
        waiting = asyncio.create_task(say(pool, job))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await pool.stop()
        assert time.monotonic() - began < STOP_SECONDS
        with pytest.raises(EngineFailed):
            await waiting
        assert not psutil.pid_exists(hung)


async def test_it_stops_while_it_loads() -> None:
    pool = WorkerPool("echo", f"{HANDLERS}:LoadsSlowly")
    starting = asyncio.create_task(pool.start())
    await until(lambda: bool(multiprocessing.active_children()))
    began = time.monotonic()
    await pool.stop()
    with pytest.raises(EngineFailed, match="ended while it loaded"):
        await starting
    assert time.monotonic() - began < STOP_SECONDS


async def test_it_leaves_nothing_behind_when_its_start_is_cancelled() -> None:
    pool = WorkerPool("echo", f"{HANDLERS}:LoadsSlowly")
    starting = asyncio.create_task(pool.start())
    await until(lambda: bool(multiprocessing.active_children()))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await until(lambda: not multiprocessing.active_children())


def test_no_worker_that_hangs_keeps_or_outlives_its_process() -> None:
    program = """
        import asyncio, os, signal
        from common.workers import WorkerPool

        async def main():
            pool = WorkerPool("echo", "tests.common.workers.handlers:Echo")
            await pool.start()
            os.kill(pool.processes[0], signal.SIGSTOP)
            print(pool.processes[0])

        if __name__ == "__main__":
            asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=project_dir(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not psutil.pid_exists(int(done.stdout.split()[0]))


@pytest.mark.parametrize(
    ("patience", "start_seconds", "limit_seconds"),
    [
        (Patience(), 2.0, 60.0),
        (Patience(), 30.0, 300.0),
        (Patience(least_seconds=30), 2.0, 30.0),
        (Patience(seconds=5), 30.0, 5.0),
    ],
)
def test_slow_workers_are_given_more_time_unless_it_is_configured(
    patience: Patience, start_seconds: float, limit_seconds: float
) -> None:
    assert patience.limit_seconds(start_seconds) == limit_seconds


def test_a_job_is_timed_from_the_last_thing_that_came() -> None:
    now = 10.0
    timer = JobTimer(lambda: now)
    assert timer.seconds == 0
    timer.restart()
    now = 12.0
    assert timer.seconds == 2
    timer.restart()
    now = 13.0
    assert timer.seconds == 1
    timer.stop()
    assert timer.seconds == 0
