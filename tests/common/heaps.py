"""How many heaps of their own the C library gave to threads of this process."""

from __future__ import annotations

import threading
from pathlib import Path

_THREADS = 16
_HEAP_BYTES = 1 << 26
"""glibc places a thread's heap at a multiple of this (HEAP_MAX_SIZE)."""


def thread_heaps() -> int:
    """Counted while sixteen threads hold memory at the same time."""
    meet = threading.Barrier(_THREADS + 1, timeout=30)

    def hold() -> None:
        kept = [bytearray(60_000) for _ in range(50)]
        meet.wait()
        meet.wait()
        kept.clear()

    threads = [threading.Thread(target=hold) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    meet.wait()
    maps = Path("/proc/self/maps").read_text(encoding="ascii").splitlines()
    meet.wait()
    for thread in threads:
        thread.join()
    return sum(map(_is_heap, maps))


def _is_heap(line: str) -> bool:
    start = int(line.partition("-")[0], 16)
    return start % _HEAP_BYTES == 0 and " rw-p 00000000 00:00 0" in line
