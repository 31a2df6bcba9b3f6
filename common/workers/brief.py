"""A worker for one piece of work, gone when that is done or given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from common.workers import WorkerPool


@asynccontextmanager
async def brief_worker(
    name: str, handler: str, *arguments: Any, **options: Any
) -> AsyncIterator[WorkerPool]:
    """A WorkerPool that has loaded, until the block ends. Raises EngineFailed.

    Cancelled while it loads or works, it leaves no process behind.
    """
    pool = WorkerPool(name, handler, arguments, **options)
    try:
        await pool.start()
        yield pool
    finally:
        await pool.stop()
