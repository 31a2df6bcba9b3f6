"""Repeats a check in the background."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import anyio


class Watch:
    """Runs `check`, each time after `pause_seconds()`; `check_soon` shortens the pause."""

    def __init__(
        self, check: Callable[[], Awaitable[None]], pause_seconds: Callable[[], float]
    ) -> None:
        self._check = check
        self._pause_seconds = pause_seconds
        self._task: asyncio.Task[None] | None = None
        self._soon: asyncio.Event | None = None

    async def start(self) -> None:
        """Check once, then keep checking."""
        if self._task is None:
            await self._check()
            self._soon = asyncio.Event()
            self._task = asyncio.create_task(self._run(self._soon))

    async def stop(self) -> None:
        task, self._task, self._soon = self._task, None, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def check_soon(self) -> None:
        if self._soon is not None:
            self._soon.set()

    async def _run(self, soon: asyncio.Event) -> None:
        while True:
            # Not asyncio.wait_for: before Python 3.12 it can swallow the cancellation.
            with anyio.move_on_after(self._pause_seconds()):
                await soon.wait()
            soon.clear()
            await self._check()
