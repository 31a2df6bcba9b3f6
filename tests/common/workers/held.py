"""Requests that a worker works on until the test lets it go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from common.workers import Priority, WorkerPool
from tests.waiting import until


class Held:
    """A request that is worked on until the test releases it."""

    def __init__(self, folder: Path, value: str) -> None:
        self.began, self.released = folder / f"{value}.began", folder / f"{value}.end"
        self.request = ("hold", str(self.began), str(self.released), value)

    async def at_work(self) -> None:
        await until(self.began.exists)

    def release(self) -> None:
        self.released.touch()


class Busy:
    """A request that keeps the only worker busy: what is asked for meanwhile waits."""

    def __init__(self, held: Held, answer: asyncio.Task[Any]) -> None:
        self._held = held
        self._answer = answer

    async def end(self) -> Any:
        """Let the worker go on. Returns its answer."""
        self._held.release()
        return await self._answer


async def keep_busy(pool: WorkerPool, folder: Path) -> Busy:
    """Returns once the worker is at work."""
    held = Held(folder, "busy")
    answer = asyncio.create_task(pool.call(held.request, Priority.FINAL))
    await held.at_work()
    return Busy(held, answer)
