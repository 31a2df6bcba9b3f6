"""The Piper engine: clauses in, audio out, synthesised in worker processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from common.config import TtsEngineSettings
from common.engine import EngineStats, PartHealth, PartState
from common.errors import EngineFailed, UnknownVoice
from common.metrics import REAL_TIME_FACTOR, SPEECH_CACHE_HITS
from common.workers import JobTimeout, Priority, Urgency, WorkerPool
from tts_app.core.engine import SpeechPart, SynthesisRequest, VoiceInfo
from tts_app.core.piper.cache import SpeechCache
from tts_app.core.piper.catalog import Catalog, InstalledVoice
from tts_app.core.piper.loading import BrokenVoice, VoiceDefaults
from tts_app.core.piper.worker import PiperJob, PiperOptions

SHORTEST_TIMEOUT_SECONDS = 30.0
"""A clause is produced in parts, so the time for one part is short."""
QUEUE_LIMIT = 256
"""The queue limit for clauses; requests are limited earlier."""


class PiperEngine:
    """A TtsEngine."""

    def __init__(self, config: TtsEngineSettings) -> None:
        self._config = config
        self._catalog = Catalog(config)
        self._cache = SpeechCache(config.tts_cache_mb)
        self._pool: WorkerPool | None = None
        self._problem = "Piper is not started."
        self._loading = False
        self._real_time_factor: float | None = None

    async def start(self) -> None:
        """Load the voices and the workers. Raises EngineFailed."""
        if self._pool is not None:
            return
        self._loading = True
        try:
            await asyncio.to_thread(self._catalog.load)
            pool = self._make_pool(self._catalog.voices[self._catalog.default])
            await pool.start()
        except EngineFailed as error:
            self._problem = error.message
            raise
        finally:
            self._loading = False
        self._pool = pool

    async def stop(self) -> None:
        pool, self._pool = self._pool, None
        self._cache.clear()
        self._problem = "Piper is stopped."
        if pool is not None:
            await pool.stop()

    def health(self) -> PartHealth:
        if self._loading:
            return PartHealth(PartState.LOADING, "Piper is loading.")
        pool = self._pool
        if pool is None:
            return PartHealth(PartState.DOWN, self._problem)
        details = {
            "voices": list(self._catalog.voices),
            "default": self._catalog.default,
            "unusable": self._catalog.unusable,
            "workers": pool.size,
            "alive": pool.alive,
            "queued": pool.queued,
            "restarts": pool.restarts,
            "oldest_job_seconds": round(pool.oldest_job_seconds, 1),
        }
        return PartHealth(pool.state, self._summary(pool), details)

    def _summary(self, pool: WorkerPool) -> str:
        voices = len(self._catalog.voices)
        offered = f"{voices} voice{'' if voices == 1 else 's'}"
        threads = pool.facts.get("threads", 0)
        where = f"{self._catalog.default} ({offered}) on {threads} CPU threads"
        return f"Piper {where}: {pool.description}."

    def voices(self) -> list[VoiceInfo]:
        """The default voice first."""
        self._catalog.refresh()
        return [voice.info for voice in self._catalog.voices.values()]

    def stats(self) -> EngineStats:
        pool = self._pool
        return EngineStats(
            queued=pool.queued if pool else 0,
            processes=tuple(pool.processes) if pool else (),
            memory_mb=tuple(pool.memory_mb) if pool else (),
            offers=tuple(self._catalog.voices),
            oldest_job_seconds=pool.oldest_job_seconds if pool else 0.0,
            real_time_factor=self._real_time_factor,
        )

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        """See TtsEngine: mono float32 in [-1, 1] at the voice's rate.

        Raises UnknownVoice, BadValue for an unknown speaker, EngineFailed, or what the
        pool raises. What was said before comes from the cache.
        """
        pool = self._pool
        if pool is None:
            raise EngineFailed(self._problem)
        voice = self._installed(request.settings.voice or self._catalog.default)
        key = (voice, request)
        said_before = self._cache.get(key)
        if said_before is not None:
            SPEECH_CACHE_HITS.inc()
            for part in said_before:
                yield part
            return
        parts: list[SpeechPart] = []
        job = PiperJob(
            request=request,
            onnx=str(voice.files.onnx),
            config=str(voice.files.config),
            early=urgency.priority is not Priority.LATER_CLAUSE,
            stamp=voice.stamp,
        )
        began = time.perf_counter()
        try:
            async with aclosing(pool.stream(job, urgency)) as items:  # type: ignore[type-var]
                async for part in items:
                    parts.append(part)
                    yield part
        except BrokenVoice as error:
            self._catalog.discard(voice, error.message)
            raise
        self._measure(time.perf_counter() - began, parts)
        if self._cache.takes(request.text):
            self._cache.put(key, parts)

    def _measure(self, taken_seconds: float, parts: Sequence[SpeechPart]) -> None:
        seconds = sum(part.seconds for part in parts)
        if seconds:
            self._real_time_factor = taken_seconds / seconds
            REAL_TIME_FACTOR.labels("piper").set(self._real_time_factor)

    def _installed(self, name: str) -> InstalledVoice:
        voice = self._catalog.voices.get(name)
        if voice is None:
            installed = ", ".join(self._catalog.voices)
            raise UnknownVoice(
                f"There is no voice `{name}`. Installed: {installed}.", field="voice"
            )
        return voice

    def _make_pool(self, voice: InstalledVoice) -> WorkerPool:
        config = self._config
        cores = os.cpu_count() or 1
        threads = config.piper_threads or max(1, cores // config.piper_workers)
        options = PiperOptions(
            onnx=str(voice.files.onnx),
            config=str(voice.files.config),
            threads=threads,
            max_voices=config.piper_max_voices,
            memory_mb=config.piper_voices_memory_mb,
            defaults=VoiceDefaults(
                length_scale=config.piper_length_scale,
                noise_scale=config.piper_noise_scale,
                noise_w=config.piper_noise_w,
            ),
        )
        return WorkerPool(
            "piper",
            "tts_app.core.piper.worker:PiperWorker",
            (options,),
            count=config.piper_workers,
            queue_limit=QUEUE_LIMIT,
            memory_cap_mb=config.worker_memory_cap_mb,
            isolation=config.engine_isolation,
            job_timeout=JobTimeout(
                config.worker_timeout_seconds, SHORTEST_TIMEOUT_SECONDS
            ),
        )
