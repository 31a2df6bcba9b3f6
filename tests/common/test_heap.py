"""All threads of a process share one heap."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from common.config import project_dir
from common.workers import Priority, WorkerPool

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc has heaps to share"
)

PROGRAM = """
import sys
from common.heap import share_one_heap
from tests.common.heaps import thread_heaps
if sys.argv[1] == "shared":
    print(share_one_heap())
print(thread_heaps())
"""


def run(way: str, **environment: str) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, way],
        cwd=project_dir(),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return found.stdout.split()


def test_threads_share_one_heap() -> None:
    (own_heaps,) = run("own")
    done, shared_heaps = run("shared")
    assert done == "True"
    assert int(shared_heaps) == 0 < int(own_heaps)


def test_it_leaves_a_heap_alone_that_the_environment_describes() -> None:
    done, heaps = run("shared", MALLOC_ARENA_MAX="8")
    assert done == "False"
    assert int(heaps) > 0


async def test_the_threads_of_a_worker_share_one_heap() -> None:
    pool = WorkerPool("heaps", "tests.common.worker_handlers:Heaps")
    await pool.start()
    try:
        assert await pool.call(None, Priority.FINAL) == 0
    finally:
        await pool.stop()
