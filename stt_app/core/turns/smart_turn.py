"""Smart Turn v3.2: a small model that hears whether a speaker has finished.

Source: https://github.com/pipecat-ai/smart-turn (BSD-2-Clause).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from common.audio import Samples
from common.config.models import ModelSettings
from common.engine import EngineStats, PartHealth, PartState
from common.errors import EngineFailed
from common.metrics import STAGE_SECONDS
from common.models.files import find_turn_model
from common.workers import JobTimeout, Urgency, WorkerPool
from stt_app.core.turns.features import WINDOW_SAMPLES

log = structlog.get_logger(__name__)

_NAME = "Smart Turn v3.2"
_WORKER = "stt_app.core.turns.worker:SmartTurnWorker"
_QUEUE_LIMIT = 32
"""A call takes about 0.05 s, so the last of these would come too late to be of use."""


class SmartTurn:
    """Rates pauses in one worker process.

    `start` only finds the file. The process starts with the first session that needs
    it: most servers never ask, and it takes the memory of ONNX Runtime.
    """

    def __init__(
        self,
        models: ModelSettings,
        find: Callable[[ModelSettings], Path] = find_turn_model,
    ) -> None:
        self._models = models
        self._find = find
        self._file: Path | None = None
        self._missing = ""
        self._pool: WorkerPool | None = None
        self._loading: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        loading = self._loading
        broken = loading is not None and loading.done() and not self._is_loaded
        return self._file is not None and not broken

    async def start(self) -> None:
        """Find and check the file. Raises ModelMissing."""
        try:
            self._file = await asyncio.to_thread(self._find, self._models)
        except EngineFailed as error:
            self._missing = error.message
            raise

    async def stop(self) -> None:
        pool, loading = self._pool, self._loading
        self._pool = self._loading = self._file = None
        if loading is not None:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        if pool is not None:
            await pool.stop()

    def warm_up(self) -> None:
        """Start the process, if it was not. Does not block."""
        if self._file is None or self._loading is not None:
            return
        pool = self._pool = self._build_pool(self._file)
        self._loading = asyncio.create_task(pool.start())
        self._loading.add_done_callback(_report)

    async def end_of_turn(self, samples: Samples, urgency: Urgency) -> float:
        """See TurnModel."""
        began = time.monotonic()
        pool = await self._loaded()
        last = samples[-WINDOW_SAMPLES:]
        probability: float = await pool.call(last, urgency)
        STAGE_SECONDS.labels("end_of_turn").observe(time.monotonic() - began)
        return probability

    def health(self) -> PartHealth:
        """The state of the file and of the process."""
        if self._file is None:
            summary = self._missing or "The turn model is not running."
            return PartHealth(PartState.DOWN, summary)
        pool, loading = self._pool, self._loading
        if pool is None or loading is None:
            summary = (
                f"{_NAME}: its process starts with the first session that uses it."
            )
            return PartHealth(PartState.READY, summary)
        if not loading.done():
            # Not LOADING: the server is ready without it.
            return PartHealth(PartState.READY, f"{_NAME} is loading.")
        details = {"queued": pool.queued, "restarts": pool.restarts}
        return PartHealth(pool.state, f"{_NAME}: {pool.description}.", details)

    def stats(self) -> EngineStats:
        """The load of the process, once there is one."""
        pool = self._pool
        if pool is None:
            return EngineStats()
        return EngineStats(
            queued=pool.queued,
            processes=tuple(pool.processes),
            memory_mb=tuple(pool.memory_mb),
            oldest_job_seconds=pool.oldest_job_seconds,
        )

    async def _loaded(self) -> WorkerPool:
        """Raises EngineFailed."""
        self.warm_up()
        pool, loading = self._pool, self._loading
        if pool is None or loading is None:
            raise EngineFailed("The turn model is not running.")
        await asyncio.shield(loading)
        return pool

    @property
    def _is_loaded(self) -> bool:
        return self._pool is not None and self._pool.running

    def _build_pool(self, file: Path) -> WorkerPool:
        models = self._models
        return WorkerPool(
            "turns",
            _WORKER,
            (file,),
            queue_limit=_QUEUE_LIMIT,
            memory_cap_mb=models.worker_memory_cap_mb,
            isolation=models.engine_isolation,
            job_timeout=JobTimeout(models.worker_timeout_seconds),
        )


def _report(loading: asyncio.Task[None]) -> None:
    if not loading.cancelled() and (error := loading.exception()):
        log.warning("no turn model, pauses have one length", reason=str(error))
