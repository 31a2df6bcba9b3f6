"""One heap for all threads, seen from outside a process of its own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from common.config import project_dir

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc has heaps to share"
)

# Sixteen threads that hold, all at the same time, what the heap and not the system gave.
PROGRAM = """
import sys, threading
from common.heap import share_one_heap
if sys.argv[1] == "shared":
    print(share_one_heap())
meet = threading.Barrier(17)
def hold():
    kept = [bytearray(60_000) for _ in range(50)]
    meet.wait()
    meet.wait()
for _ in range(16):
    threading.Thread(target=hold).start()
meet.wait()
heaps = [line for line in open("/proc/self/maps") if int(line[:12].split("-")[0], 16) % (1 << 26) == 0
         and " rw-p 00000000 00:00 0" in line]
print(len(heaps))
meet.wait()
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
