"""The C library's heap, kept small in processes that live for months.

glibc gives threads heaps of their own, up to eight per core, and keeps in each what was
freed there. Work that moves from thread to thread then holds its peak many times over.
"""

from __future__ import annotations

import contextlib
import ctypes
import os

_M_ARENA_MAX = -8
"""From glibc's malloc.h."""
_MOST_HEAPS = 1
_VARIABLES = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


def share_one_heap() -> bool:
    """All threads that begin from here on share one heap.

    They wait for each other where they allocate at the same time, which native code
    that computes for milliseconds hardly does. Returns whether that was done: only with glibc, and not where the environment
    says how its heap shall be.
    """
    if any(name in os.environ for name in _VARIABLES):
        return False
    with contextlib.suppress(OSError, TypeError, AttributeError):
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _MOST_HEAPS))
    return False
