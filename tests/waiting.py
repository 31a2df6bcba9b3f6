"""Waits for what happens in other tasks, threads and processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

STEP_SECONDS = 0.01


async def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once it holds. Raises AssertionError when it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(STEP_SECONDS)
