"""Resident memory of a server and its workers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import numpy as np
import psutil

PARTS = ("server", "workers")
_LOOKS = 5
_LOOK_EVERY_SECONDS = 0.2


def resident_mb(pid: int) -> dict[str, float]:
    """Of the process itself and of all that it started, in megabytes."""
    process = psutil.Process(pid)
    children = 0
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            children += child.memory_info().rss
    return {"server": process.memory_info().rss / 1e6, "workers": children / 1e6}


def steady_mb(
    pid: int, sleep: Callable[[float], None] = time.sleep
) -> dict[str, float]:
    """The median of a few looks."""
    looks = []
    for _ in range(_LOOKS):
        looks.append(resident_mb(pid))
        sleep(_LOOK_EVERY_SECONDS)
    return {part: float(np.median([look[part] for look in looks])) for part in PARTS}
