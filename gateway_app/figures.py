"""What the server is doing right now, in numbers, for metrics and the monitor."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import psutil

from common.metrics import (
    OLDEST_JOB_SECONDS,
    QUEUED,
    REAL_TIME_FACTOR,
    SESSIONS,
    WORKER_MEMORY_BYTES,
)
from gateway_app.health import ENGINE_PARTS

SESSION_KINDS = ("stt", "tts", "monitor")


@lru_cache(maxsize=1)
def this_process() -> psutil.Process:
    """The server's process; kept, because CPU use is measured between two calls."""
    return psutil.Process(os.getpid())


def sessions(services: dict[str, Any]) -> dict[str, int]:
    return {kind: services["sessions"].count(kind) for kind in SESSION_KINDS}


def queues(services: dict[str, Any]) -> dict[str, int]:
    """Jobs that wait, by queue."""
    depths = {
        part: int(getattr(services[service], "queued", 0))
        for part, service in ENGINE_PARTS.items()
        if service in services and part != "llm"
    }
    if "speech" in services:
        depths["tts"] = int(getattr(services["speech"], "waiting", 0))
    return depths


def oldest_jobs(services: dict[str, Any]) -> dict[str, float]:
    """For how long each engine's workers have given nothing for a job; the longest."""
    return {
        part: float(services[name].oldest_job_seconds)
        for part, name in ENGINE_PARTS.items()
        if hasattr(services.get(name), "oldest_job_seconds")
    }


def memory_mb(services: dict[str, Any]) -> dict[str, list[float]]:
    """Resident memory of the server and of each engine's worker processes."""
    used = {"server": [round(this_process().memory_info().rss / 1e6, 1)]}
    for part, service in ENGINE_PARTS.items():
        workers = getattr(services.get(service), "memory_mb", None)
        if workers:
            used[part] = [round(megabytes, 1) for megabytes in workers]
    return used


def real_time_factors() -> dict[str, float]:
    """Work time over audio time of the latest jobs, by engine."""
    return {
        sample.labels["engine"]: round(sample.value, 4)
        for family in REAL_TIME_FACTOR.collect()
        for sample in family.samples
    }


def refresh_gauges(services: dict[str, Any]) -> None:
    """Set the gauges that nobody keeps up to date in between."""
    for kind, count in sessions(services).items():
        SESSIONS.labels(kind).set(count)
    for queue, depth in queues(services).items():
        QUEUED.labels(queue).set(depth)
    for part, seconds in oldest_jobs(services).items():
        OLDEST_JOB_SECONDS.labels(part).set(seconds)
    WORKER_MEMORY_BYTES.clear()
    for part, workers in memory_mb(services).items():
        for number, megabytes in enumerate(workers, 1):
            WORKER_MEMORY_BYTES.labels(part, str(number)).set(megabytes * 1e6)
