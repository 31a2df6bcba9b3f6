"""A worker that hangs is reported, killed and restarted, and does not block `stop`."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
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
from common.workers import JobTimeout, Priority, WorkerPool
from common.workers.timeouts import JobTimer
from tests.common.workers.test_batches import answers_of, behind_a_busy_worker
from tests.common.workers.test_pool import HANDLERS, running, say
from tests.waiting import until

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGSTOP"),
]

SHORT = JobTimeout(seconds=1)
"""Much longer than an echo takes, also on a busy machine."""
FULL_PIPE_BYTES = 5_000_000
STOP_SECONDS = 20.0
"""It takes 2, and a job may take 60."""


def freeze(pool: WorkerPool) -> int:
    """Send SIGSTOP to the pool's worker. Returns its process id."""
    pid = pool.processes[0]
    os.kill(pid, signal.SIGSTOP)
    return pid


def children() -> set[int | None]:
    """The processes of this one, pools of other tests' fixtures among them."""
    return {child.pid for child in multiprocessing.active_children()}


async def test_a_job_is_retried_once_when_its_worker_hangs(tmp_path: Path) -> None:
    before = WORKER_HANGS.labels("echo")._value.get()
    async with running(job_timeout=SHORT) as pool:
        hung = pool.processes
        marker = str(tmp_path / "marker")
        answer = await pool.call(("freeze_once", marker), Priority.FINAL)
        assert answer == "second try"
        assert pool.restarts == 1
        assert not psutil.pid_exists(hung[0])
    assert WORKER_HANGS.labels("echo")._value.get() == before + 1


async def test_a_job_fails_when_its_worker_hangs_twice() -> None:
    async with running(job_timeout=SHORT) as pool:
        with pytest.raises(EngineFailed, match="produced nothing for") as failed:
            await pool.call(("freeze",), Priority.FINAL)
        assert failed.value.retry_after_seconds == 1
        assert await say(pool, "next") == "next"


async def test_a_job_that_has_produced_an_item_is_not_retried() -> None:
    async with running(job_timeout=SHORT) as pool:
        got = []
        with pytest.raises(EngineFailed, match="produced nothing for"):
            async for item in pool.stream(("freeze_after_one",), Priority.FINAL):
                got.append(item)
        assert got == ["one"]


async def test_each_job_of_a_batch_that_hung_is_answered(tmp_path: Path) -> None:
    async with running("Batched", (3,), job_timeout=SHORT) as pool:
        requests = [("say", "a"), ("freeze_once", str(tmp_path / "m")), ("say", "c")]
        asked = await behind_a_busy_worker(pool, tmp_path, *requests)
        assert await answers_of(asked) == [("a", 3), "second try", "c"]


async def test_a_long_job_may_continue_while_it_produces_items(tmp_path: Path) -> None:
    async with running(job_timeout=JobTimeout(seconds=2)) as pool:
        request = ("count", 5, 0.5, str(tmp_path / "log"))
        numbers = [each async for each in pool.stream(request, Priority.FINAL)]
        assert numbers == [0, 1, 2, 3, 4]
        assert pool.restarts == 0


async def test_a_worker_that_does_not_read_its_job_is_restarted() -> None:
    async with running(job_timeout=SHORT) as pool:
        hung = freeze(pool)
        job = b"x" * FULL_PIPE_BYTES
        assert await say(pool, job) == job
        assert not psutil.pid_exists(hung)


async def test_a_worker_that_hangs_while_it_answers_is_restarted(
    tmp_path: Path,
) -> None:
    async with running(job_timeout=JobTimeout(seconds=3)) as pool:
        request = ("freeze_in_mid_answer", str(tmp_path / "marker"), 200)
        assert len(await pool.call(request, Priority.FINAL)) == 200_000_000


async def test_a_hung_worker_is_restarted_after_its_client_has_left(
    tmp_path: Path,
) -> None:
    async with running(job_timeout=SHORT) as pool:
        hung, marker = pool.processes[0], tmp_path / "marker"
        request = ("freeze_once", str(marker))
        job = asyncio.create_task(pool.call(request, Priority.FINAL))
        await until(marker.exists)
        job.cancel()
        await until(lambda: pool.alive == 1 and pool.processes != [hung])
        assert await say(pool, "next") == "next"


async def test_the_state_shows_how_long_a_job_has_produced_nothing() -> None:
    async with running(job_timeout=JobTimeout(seconds=8)) as pool:
        assert (pool.state, pool.description) == (PartState.READY, "ready")
        assert pool.oldest_job_seconds == 0
        job = asyncio.create_task(pool.call(("freeze",), Priority.FINAL))
        await until(lambda: pool.state is PartState.DEGRADED)
        assert 2 < pool.oldest_job_seconds < 8
        assert re.fullmatch(
            r"a worker has produced nothing for [2-7] s", pool.description
        )
        await until(lambda: pool.state is PartState.DOWN)
        assert 4 < pool.oldest_job_seconds < 8
        job.cancel()
    assert pool.state is PartState.DOWN


async def test_it_is_degraded_when_one_of_two_workers_hangs() -> None:
    async with running(count=2, job_timeout=JobTimeout(seconds=4)) as pool:
        job = asyncio.create_task(pool.call(("freeze",), Priority.FINAL))
        await until(lambda: pool.oldest_job_seconds > 2.5)
        assert pool.state is PartState.DEGRADED
        assert await say(pool, "quick") == "quick"
        job.cancel()


@pytest.mark.parametrize("job", [b"", b"x" * FULL_PIPE_BYTES], ids=["", "full pipe"])
async def test_it_stops_while_a_worker_hangs(job: bytes) -> None:
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


async def test_it_stops_while_a_worker_loads() -> None:
    others = children()
    pool = WorkerPool("echo", f"{HANDLERS}:LoadsSlowly")
    starting = asyncio.create_task(pool.start())
    await until(lambda: bool(children() - others))
    began = time.monotonic()
    await pool.stop()
    with pytest.raises(EngineFailed, match="ended while it loaded"):
        await starting
    assert time.monotonic() - began < STOP_SECONDS


async def test_it_leaves_no_process_when_its_start_is_cancelled() -> None:
    others = children()
    pool = WorkerPool("echo", f"{HANDLERS}:LoadsSlowly")
    starting = asyncio.create_task(pool.start())
    await until(lambda: bool(children() - others))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await until(lambda: children() <= others)


def test_a_hung_worker_neither_blocks_nor_outlives_its_parent() -> None:
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
    ("timeout", "start_seconds", "limit_seconds"),
    [
        (JobTimeout(), 2.0, 60.0),
        (JobTimeout(), 30.0, 300.0),
        (JobTimeout(minimum_seconds=30), 2.0, 30.0),
        (JobTimeout(seconds=5), 30.0, 5.0),
    ],
)
def test_a_slow_start_raises_the_limit_unless_it_is_configured(
    timeout: JobTimeout, start_seconds: float, limit_seconds: float
) -> None:
    assert timeout.limit_seconds(start_seconds) == limit_seconds


def test_a_job_is_timed_from_its_last_item() -> None:
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
