"""A bound on the memory of this process, for work on files of unknown origin."""

from __future__ import annotations

import contextlib
import sys

import psutil


def limit_memory(more_mb: int) -> None:
    """Let this process take so much more than it has now; past it allocations fail.

    The operating system must be able to; Windows is not.
    """
    if sys.platform == "win32":
        return
    import resource

    limit_bytes = psutil.Process().memory_info().vms + more_mb * 1_000_000
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit_bytes = min(limit_bytes, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, hard))
