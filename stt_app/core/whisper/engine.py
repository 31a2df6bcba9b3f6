"""The Whisper engine: faster-whisper in worker processes."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from common.config.models import ModelSettings
from common.config.speech import WhisperSettings
from common.engine import EngineStats, PartHealth, PartState
from common.errors import EngineFailed
from common.metrics import REAL_TIME_FACTOR, WHISPER_REDECODES, WHISPER_WINDOWS
from common.models.damage import broken_whisper_file
from common.models.files import find_whisper
from common.workers import JobTimeout, Priority, Urgency, WorkerPool
from stt_app.core.engine import Transcript, TranscriptionRequest, check_model
from stt_app.core.languages import AUTO
from stt_app.core.whisper.background_pool import BackgroundPool
from stt_app.core.whisper.requests import (
    WhisperOptions,
    WhisperReply,
    WhisperRequest,
    choose_beam,
)
from stt_app.core.whisper.resources import share_out, this_machine
from stt_app.core.whisper.window_table import LONGEST_SECONDS

log = structlog.get_logger(__name__)

_WORKER = "stt_app.core.whisper.worker:WhisperWorker"


class WhisperEngine:
    """Transcribes utterances with one model, shared by all connections."""

    def __init__(self, whisper: WhisperSettings, models: ModelSettings) -> None:
        self._whisper = whisper
        self._models = models
        self._pool: WorkerPool | None = None
        self._background: BackgroundPool | None = None
        self._starting = False
        self._real_time_factor: float | None = None

    @property
    def model_name(self) -> str:
        name = self._whisper.whisper_model_name
        return Path(name).name if "/" in name or "\\" in name else name

    async def start(self) -> None:
        """Find the model, load it in every worker, and warm up. Raises EngineFailed."""
        if self._pool is not None:
            return
        self._starting = True
        try:
            folder = await asyncio.to_thread(
                find_whisper, self._whisper.whisper_model_name, self._models
            )
            pool = self._build_pool(folder)
            await _load(pool, folder)
        finally:
            self._starting = False
        self._pool = pool
        wanted = self._whisper.whisper_background and pool.facts["device"] == "cpu"
        if wanted and self._models.engine_isolation == "process":
            self._background = BackgroundPool(
                partial(self._build_pool, folder, background=True)
            )
        self._log_facts(pool.facts)

    async def stop(self) -> None:
        pool, background = self._pool, self._background
        self._pool = self._background = None
        stopped = [each.stop() for each in (pool, background) if each is not None]
        await asyncio.gather(*stopped)

    def health(self) -> PartHealth:
        """The state of the worker processes right now."""
        pool = self._pool
        if pool is None:
            if self._starting:
                summary = f"Whisper {self.model_name} is loading."
                return PartHealth(PartState.LOADING, summary)
            return PartHealth(PartState.DOWN, "Whisper is not running.")
        details = {
            **pool.facts,
            "short_window": len(pool.facts["short_window"]),
            "model": self.model_name,
            **_counts(pool),
            "oldest_job_seconds": round(self.stats().oldest_job_seconds, 1),
        }
        return PartHealth(self._state, self._summary(pool), details)

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        """The text of one utterance, as `SttEngine.transcribe` says it.

        Raises what it names there; EngineFailed also when Whisper is not running.
        """
        check_model(request.model, self.stats().offers)
        pool = self._pool
        if pool is None:
            raise EngineFailed("Whisper is not running.")
        began = time.monotonic()
        wanted = WhisperRequest(
            request,
            guarded=urgency.priority is not Priority.INTERIM,
            beam=choose_beam(self._whisper.whisper_beam, urgency.priority),
        )
        if self._background is not None:
            pool = self._background.pool_for(urgency.priority) or pool
        reply: WhisperReply = await pool.call(
            wanted,
            urgency,
            batch_key=_batch_key(request, pool.facts),
            cost=max(1.0, request.seconds),
        )
        WHISPER_WINDOWS.labels("short" if reply.short else "full").inc()
        if reply.redecoded:
            WHISPER_REDECODES.labels(reply.redecoded.value).inc()
        if request.seconds:
            self._real_time_factor = (time.monotonic() - began) / request.seconds
            REAL_TIME_FACTOR.labels("whisper").set(self._real_time_factor)
        return reply.transcript

    def stats(self) -> EngineStats:
        """The load of the worker processes; the low-priority worker comes last."""
        pools = self._pools
        return EngineStats(
            queued=sum(pool.queued for pool in pools),
            processes=tuple(each for pool in pools for each in pool.processes),
            memory_mb=tuple(each for pool in pools for each in pool.memory_mb),
            offers=(self.model_name,),
            oldest_job_seconds=max(
                (pool.oldest_job_seconds for pool in pools), default=0.0
            ),
            real_time_factor=self._real_time_factor,
        )

    @property
    def _pools(self) -> list[WorkerPool]:
        found = [self._pool] if self._pool else []
        return found + (self._background.pools if self._background else [])

    def _build_pool(self, folder: Path, *, background: bool = False) -> WorkerPool:
        config = self._whisper
        named = (config.cuda_x64_path, config.cudnn_bin_path)
        processes = share_out(
            this_machine(),
            config.whisper_device,
            (folder / "model.bin").stat().st_size / 1e6,
            workers=config.whisper_workers,
            threads=config.whisper_threads,
        )
        options = WhisperOptions(
            name=self.model_name,
            folder=folder,
            device=config.whisper_device,
            compute_type=config.whisper_compute_type,
            threads=processes.threads,
            window=config.whisper_window,
            batch_size=config.whisper_batch_size,
            library_folders=tuple(Path(path).expanduser() for path in named if path),
        )
        return WorkerPool(
            "whisper-background" if background else "whisper",
            _WORKER,
            (options,),
            count=1 if background else processes.count,
            queue_limit=config.whisper_queue_limit,
            memory_cap_mb=self._models.worker_memory_cap_mb,
            isolation=self._models.engine_isolation,
            job_timeout=JobTimeout(self._models.worker_timeout_seconds),
            background=background,
        )

    def _log_facts(self, facts: dict[str, Any]) -> None:
        for folder in facts["cuda_folders"]:
            log.info(f"Added CUDA path: {folder}")  # noqa: G004 - people grep for it
        if facts["fallback"]:
            log.warning(
                "CUDA failed, Whisper runs on the CPU", reason=facts["fallback"]
            )
        shown = {name: facts[name] for name in ("device", "compute_type", "threads")}
        log.info("whisper ready", model=self.model_name, **shown)

    def _summary(self, pool: WorkerPool) -> str:
        facts = pool.facts
        where = (
            f"CUDA, {facts['compute_type']}"
            if facts["device"] == "cuda"
            else f"{facts['threads']} CPU threads, {facts['compute_type']}"
        )
        reason = f" (CUDA failed: {facts['fallback']})" if facts["fallback"] else ""
        return f"Whisper {self.model_name} on {where}{reason}: {pool.description}."

    @property
    def _state(self) -> PartState:
        """That of the main pool; interim results and files alone use the other one."""
        usual, *background = [pool.state for pool in self._pools]
        well = all(state is PartState.READY for state in background)
        return PartState.DEGRADED if usual is PartState.READY and not well else usual


async def _load(pool: WorkerPool, folder: Path) -> None:
    """Raises EngineFailed, which names the model's folder and its broken file."""
    try:
        await pool.start()
    except EngineFailed as error:
        reason = broken_whisper_file(folder) or error.message
        raise EngineFailed(
            f"The Whisper model in {folder} cannot be loaded: {reason.rstrip('.')}. "
            "If it is damaged, delete the folder and download or copy the model again."
        ) from error


def _counts(pool: WorkerPool) -> dict[str, int]:
    return {
        "workers": pool.size,
        "workers_alive": pool.alive,
        "restarts": pool.restarts,
        "queued": pool.queued,
    }


def _batch_key(request: TranscriptionRequest, facts: dict[str, Any]) -> str | None:
    """Utterances with the same key are decoded together; None means alone. On a CPU a
    batch of full windows saves no time.
    """
    if facts["device"] != "cpu":
        return "any"
    short = facts["short_window"]
    language = request.language if facts["multilingual"] else "en"
    fits = bool(short) if language == AUTO else language in short
    return "short" if fits and request.seconds <= LONGEST_SECONDS else None
