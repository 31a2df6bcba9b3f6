"""What the C library's heap does in this process."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

import psutil

_THREADS = 16
_LARGE_BYTES = 1_000_000
_SMALL_BYTES = 100_000
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


def megabytes_kept() -> float:
    """Of 40 MB in large blocks, what stays when they are freed below small ones."""
    c = ctypes.CDLL(None)
    c.malloc.restype, c.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    c.free.argtypes = [ctypes.c_void_p]

    def filled(count: int) -> int:
        block: int = c.malloc(count)
        ctypes.memset(block, 1, count)
        return block

    # A freed block beyond any hole teaches glibc to keep smaller ones in the heap.
    c.free(filled(20 * _LARGE_BYTES))
    before = psutil.Process().memory_info().rss
    large = [filled(_LARGE_BYTES) for _ in range(40)]
    # More than the holes that imports left in the heap, so that some lie behind.
    small = [filled(_SMALL_BYTES) for _ in range(50)]
    for block in large:
        c.free(block)
    small_bytes = len(small) * _SMALL_BYTES
    kept = (psutil.Process().memory_info().rss - before - small_bytes) / _LARGE_BYTES
    for block in small:
        c.free(block)
    return kept


def _is_heap(line: str) -> bool:
    start = int(line.partition("-")[0], 16)
    return start % _HEAP_BYTES == 0 and " rw-p 00000000 00:00 0" in line
