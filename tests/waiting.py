"""Waits for what happens in other tasks, threads and processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable

STEP_SECONDS = 0.01


TURNS = 50
"""More than any chain of tasks that wait for nothing but each other needs."""


async def idle() -> None:
    """Let each task of the event loop go on until it waits for a timer, a thread or
    another process. A sleep would return earlier if the machine is busy meanwhile."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


Condition = Callable[[], bool | Awaitable[bool]]


async def until(holds: Condition, seconds: float = 60.0) -> None:
    """Return once it holds. Raises AssertionError when it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not await _value_of(holds):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(STEP_SECONDS)


async def _value_of(holds: Condition) -> bool:
    found = holds()
    return await found if isawaitable(found) else found
