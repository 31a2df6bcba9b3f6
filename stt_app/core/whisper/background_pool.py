"""A low-priority worker pool for interim results and files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import structlog

from common.errors import EngineFailed
from common.workers import Priority, WorkerPool

log = structlog.get_logger(__name__)

_STOP_SECONDS = 2.0


class BackgroundPool:
    """Loads on first use: without interim results or files it costs nothing."""

    def __init__(self, build: Callable[[], WorkerPool]) -> None:
        self._build = build
        self._pool: WorkerPool | None = None
        self._starting: threading.Thread | None = None

    def pool_for(self, priority: Priority) -> WorkerPool | None:
        """The pool, if it handles this priority and is ready."""
        if priority < Priority.INTERIM:
            return None
        if self._pool is None:
            self._pool = self._build()
            # A thread, because it may be stopped from another event loop.
            self._starting = threading.Thread(
                target=self._start, args=(self._pool,), daemon=True
            )
            self._starting.start()
        return self._pool if self._pool.alive else None

    @property
    def pools(self) -> list[WorkerPool]:
        """The pool, once its worker has loaded."""
        return [self._pool] if self._pool and self._pool.running else []

    async def stop(self) -> None:
        """Stop it, even while it loads."""
        pool, starting = self._pool, self._starting
        if pool is not None and starting is not None:
            await pool.stop()
            await asyncio.to_thread(starting.join, _STOP_SECONDS)

    def _start(self, pool: WorkerPool) -> None:
        try:
            asyncio.run(pool.start())
        except EngineFailed as error:
            # The main pool takes over its work, with longer queues.
            log.warning("no worker for partial texts and files", reason=error.message)
