"""Whisper as an engine: faster-whisper in worker processes of its own."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from common.config import Config
from common.engine import PartHealth, PartState
from common.errors import EngineFailed
from common.metrics import REAL_TIME_FACTOR, WHISPER_SECOND_LOOKS, WHISPER_WINDOWS
from common.model_files import find_whisper
from common.workers import Patience, Priority, Urgency, WorkerPool
from stt_app.core.engine import Transcript, Utterance
from stt_app.core.languages import AUTO
from stt_app.core.whisper_background import Background
from stt_app.core.whisper_beam import choose_beam
from stt_app.core.whisper_options import WhisperOptions, WhisperReply, WhisperRequest
from stt_app.core.whisper_processes import share_out, this_machine
from stt_app.core.window_table import LONGEST_SECONDS

log = structlog.get_logger(__name__)

_WORKER = "stt_app.core.whisper_worker:WhisperWorker"


class WhisperEngine:
    """Transcribes utterances with one model, shared by all connections."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pool: WorkerPool | None = None
        self._background: Background | None = None
        self._starting = False

    @property
    def model_name(self) -> str:
        name = self._config.whisper_model_name
        return Path(name).name if "/" in name or "\\" in name else name

    async def start(self) -> None:
        """Find the model, load it in every worker, and warm up. Raises EngineFailed."""
        if self._pool is not None:
            return
        self._starting = True
        try:
            folder = await asyncio.to_thread(
                find_whisper, self._config.whisper_model_name, self._config
            )
            pool = self._build_pool(folder)
            await pool.start()
        finally:
            self._starting = False
        self._pool = pool
        wanted = self._config.whisper_background and pool.facts["device"] == "cpu"
        if wanted and self._config.engine_isolation == "process":
            self._background = Background(
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
                return PartHealth(PartState.LOADING, "Whisper is loading.")
            return PartHealth(PartState.DOWN, "Whisper is not running.")
        details = {
            **pool.facts,
            "model": self.model_name,
            **_counts(pool),
            "oldest_job_seconds": round(self.oldest_job_seconds, 1),
        }
        return PartHealth(self._state, self._summary(pool), details)

    async def transcribe(
        self, utterance: Utterance, urgency: Priority | Urgency = Priority.FINAL
    ) -> Transcript:
        """The text of the utterance. Raises EngineFailed, Overloaded or Expired."""
        pool = self._pool
        if pool is None:
            raise EngineFailed("Whisper is not running.")
        began = time.monotonic()
        urgency = Urgency.of(urgency)
        request = WhisperRequest(
            utterance,
            guarded=urgency.priority is not Priority.INTERIM,
            beam=choose_beam(self._config.whisper_beam, urgency.priority),
        )
        if self._background is not None:
            pool = self._background.pool_for(urgency.priority) or pool
        reply: WhisperReply = await pool.call(
            request, urgency, batch_key=_batch_key(utterance, pool.facts)
        )
        WHISPER_WINDOWS.labels("short" if reply.short else "full").inc()
        if reply.doubt:
            WHISPER_SECOND_LOOKS.labels(reply.doubt.value).inc()
        if utterance.seconds:
            took = time.monotonic() - began
            REAL_TIME_FACTOR.labels("whisper").set(took / utterance.seconds)
        return reply.transcript

    @property
    def queued(self) -> int:
        """Utterances that wait for a worker."""
        return sum(pool.queued for pool in self._pools)

    @property
    def oldest_job_seconds(self) -> float:
        """For how long a worker has been at a job without giving anything; the longest."""
        return max((pool.oldest_job_seconds for pool in self._pools), default=0.0)

    @property
    def memory_mb(self) -> list[float]:
        """Resident memory of each worker process."""
        return [each for pool in self._pools for each in pool.memory_mb]

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers that live; that of the background comes last."""
        return [each for pool in self._pools for each in pool.processes]

    @property
    def _pools(self) -> list[WorkerPool]:
        found = [self._pool] if self._pool else []
        return found + (self._background.pools if self._background else [])

    def _build_pool(self, folder: Path, *, background: bool = False) -> WorkerPool:
        config = self._config
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
            memory_cap_mb=config.worker_memory_cap_mb,
            isolation=config.engine_isolation,
            patience=Patience(config.worker_timeout_seconds),
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
        return f"Whisper {self.model_name} on {where}{reason}: {pool.condition}."

    @property
    def _state(self) -> PartState:
        """Of the usual workers; nobody but partial texts and files needs the other."""
        usual, *background = [pool.state for pool in self._pools if pool.running]
        well = all(state is PartState.READY for state in background)
        return PartState.DEGRADED if usual is PartState.READY and not well else usual


def _counts(pool: WorkerPool) -> dict[str, int]:
    return {
        "workers": pool.size,
        "workers_alive": pool.alive,
        "restarts": pool.restarts,
        "queued": pool.queued,
    }


def _batch_key(utterance: Utterance, facts: dict[str, Any]) -> str | None:
    """Utterances with the same key are decoded together; None goes alone.

    On a CPU a batch of full windows takes as long as one after the other.
    """
    if facts["device"] != "cpu":
        return "any"
    short = facts["short_window"]
    language = utterance.language if facts["multilingual"] else "en"
    fits = bool(short) if language == AUTO else language in short
    return "short" if fits and utterance.seconds <= LONGEST_SECONDS else None
