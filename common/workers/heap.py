"""The C library's heap, kept small in processes that live for months."""

from __future__ import annotations

import contextlib
import ctypes
import os

# From glibc's malloc.h.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_MOST_HEAPS = 1
_LARGE_BYTES = 128 * 1024
_ALL_TUNABLES = "GLIBC_TUNABLES"


def share_one_heap() -> bool:
    """All threads that begin from here on share one heap.

    glibc gives threads heaps of their own, up to eight per core, and keeps in each what
    was freed there. Work that moves from thread to thread then holds its peak many times
    over. With one heap they wait for each other where they allocate at the same time,
    which native code that computes for milliseconds hardly does.

    Returns whether that was done: only with glibc, and not where the environment
    says how its heap shall be.
    """
    return _choose(_M_ARENA_MAX, _MOST_HEAPS, "MALLOC_ARENA_MAX")


def return_large_blocks() -> bool:
    """Blocks of 128 KiB and more go back to the system as soon as they are freed.

    glibc begins so, but each such block that is freed raises its limit, up to 32 MiB.
    Seconds of audio then come from the heap, where small things that stay come to lie
    behind them and keep the room. Returns what `share_one_heap` returns.
    """
    return _choose(_M_MMAP_THRESHOLD, _LARGE_BYTES, "MALLOC_MMAP_THRESHOLD_")


def _choose(parameter: int, value: int, variable: str) -> bool:
    if variable in os.environ or _ALL_TUNABLES in os.environ:
        return False
    with contextlib.suppress(OSError, TypeError, AttributeError):
        return bool(ctypes.CDLL(None).mallopt(parameter, value))
    return False
