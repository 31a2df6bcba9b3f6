"""All threads of a process share one heap, and large blocks leave it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from common.config import project_dir
from common.workers import Priority, WorkerPool

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        platform.libc_ver()[0] != "glibc", reason="only glibc has heaps to share"
    ),
]

SHARED = """
from common.workers.heap import share_one_heap
from tests.common.workers.heaps import thread_heaps
print(share_one_heap() if {chosen} else "", thread_heaps())
"""
RETURNED = """
from common.workers.heap import return_large_blocks
from tests.common.workers.heaps import megabytes_kept
print(return_large_blocks() if {chosen} else "", megabytes_kept())
"""


def run(program: str, *, chosen: bool, **environment: str) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", program.format(chosen=chosen)],
        cwd=project_dir(),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return found.stdout.split()


def test_threads_share_one_heap() -> None:
    (own_heaps,) = run(SHARED, chosen=False)
    done, shared_heaps = run(SHARED, chosen=True)
    assert done == "True"
    assert int(shared_heaps) == 0 < int(own_heaps)


def test_large_blocks_leave_the_heap_when_they_are_freed() -> None:
    (kept,) = run(RETURNED, chosen=False)
    done, kept_then = run(RETURNED, chosen=True)
    assert done == "True"
    assert float(kept_then) < 5 < 30 < float(kept)


def test_it_leaves_a_heap_alone_that_the_environment_describes() -> None:
    done, heaps = run(SHARED, chosen=True, MALLOC_ARENA_MAX="8")
    assert done == "False"
    assert int(heaps) > 0
    done, kept = run(RETURNED, chosen=True, MALLOC_MMAP_THRESHOLD_="33554432")
    assert done == "False"
    assert float(kept) > 30


async def test_the_threads_of_a_worker_share_one_heap() -> None:
    pool = WorkerPool("heaps", "tests.common.workers.handlers:Heaps")
    await pool.start()
    try:
        assert await pool.call(None, Priority.FINAL) == 0
    finally:
        await pool.stop()
