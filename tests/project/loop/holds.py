"""For how long the event loop is held, and how long that may be on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

ALLOWED_SECONDS = 0.050
_TICK_SECONDS = 0.001
_ATTEMPTS = 6
"""What happens once, such as an import, is not held against the request."""
_REFERENCE = json.dumps([[number] for number in range(20_000)])
_REFERENCE_SECONDS = 0.010
"""What it takes to parse that on a machine on which ALLOWED_SECONDS applies."""


class Hold:
    """The longest time, in seconds, in which no timer of the loop ran."""

    seconds = 0.0


@contextlib.asynccontextmanager
async def watching() -> AsyncIterator[Hold]:
    """Measures while the block runs."""
    hold = Hold()

    async def tick() -> None:
        while True:
            before, worked_before = time.perf_counter(), time.process_time()
            await asyncio.sleep(_TICK_SECONDS)
            late = time.perf_counter() - before - _TICK_SECONDS
            # While another process has the processor, this one does not work.
            worked = time.process_time() - worked_before
            hold.seconds = max(hold.seconds, min(late, worked))

    gc.collect()
    ticker = asyncio.create_task(tick())
    await asyncio.sleep(2 * _TICK_SECONDS)
    try:
        yield hold
        await asyncio.sleep(2 * _TICK_SECONDS)
    finally:
        ticker.cancel()


async def least_hold(work: Callable[[], Awaitable[object]]) -> float:
    """The shortest of the longest holds, in seconds, that several attempts saw."""
    least = float("inf")
    for _ in range(_ATTEMPTS):
        async with watching() as hold:
            await work()
        least = min(least, hold.seconds)
        if least < allowed_seconds():
            break
    return least


@cache
def allowed_seconds() -> float:
    """50 ms, or more on a machine that is slower than that of the measurements."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        json.loads(_REFERENCE)
        took.append(time.perf_counter() - began)
    return ALLOWED_SECONDS * max(1.0, min(took) / _REFERENCE_SECONDS)
