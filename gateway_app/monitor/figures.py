"""The current figures of the server, for metrics and the monitor."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache

import psutil

from common.metrics import (
    DISK_FREE_BYTES,
    HISTORY_WAITING,
    OLDEST_JOB_SECONDS,
    PART_UP,
    QUEUED,
    READY,
    REAL_TIME_FACTOR,
    SESSIONS,
    WORKER_MEMORY_BYTES,
)
from gateway_app.health import DISK, SPEECH_PARTS, HealthReport, Part
from gateway_app.monitor.messages import RunningFile
from gateway_app.probes.disk import FREE_BYTES
from gateway_app.sockets.sessions import SessionRegistry

SESSION_KINDS = (
    "stt",
    "tts",
    "voice",
    "realtime",
    "live",
    "speak",
    "wyoming",
    "monitor",
)


@lru_cache(maxsize=1)
def this_process() -> psutil.Process:
    """The server's process; stored, because CPU use is measured between two calls."""
    return psutil.Process(os.getpid())


class Figures:
    """Sessions, queues and memory of this process.

    `queues` are those outside of the engines: name -> how many wait now. `files` are
    the recordings that are being transcribed as files, `history_waiting` says how many
    records wait for the database.
    """

    def __init__(
        self,
        sessions: SessionRegistry,
        parts: Mapping[str, Part],
        queues: Mapping[str, Callable[[], int]],
        files: Callable[[], list[RunningFile]] = list,
        history_waiting: Callable[[], int] = int,
    ) -> None:
        self._sessions = sessions
        self._parts = parts
        self._queues = queues
        self._history_waiting = history_waiting
        self.files = files
        """How far each recording is that is being transcribed as a file."""

    def sessions(self) -> dict[str, int]:
        """Open sessions, by kind."""
        return {kind: self._sessions.count(kind) for kind in SESSION_KINDS}

    def queues(self) -> dict[str, int]:
        """Jobs that wait, by queue."""
        speech = {n: self._parts[n] for n in SPEECH_PARTS if n in self._parts}
        depths = {name: part.stats().queued for name, part in speech.items()}
        return {**depths, **{name: count() for name, count in self._queues.items()}}

    def memory_mb(self) -> dict[str, list[float]]:
        """Resident memory of the server and of each engine's worker processes."""
        used = {"server": [round(this_process().memory_info().rss / 1e6, 1)]}
        for name, part in self._parts.items():
            if workers := part.stats().memory_mb:
                used[name] = [round(megabytes, 1) for megabytes in workers]
        return used

    def refresh_gauges(self, report: HealthReport) -> None:
        """Set the gauges that are only computed on demand."""
        self._set_health(report)
        HISTORY_WAITING.set(self._history_waiting())
        for kind, count in self.sessions().items():
            SESSIONS.labels(kind).set(count)
        for queue, depth in self.queues().items():
            QUEUED.labels(queue).set(depth)
        for name, engine in self._parts.items():
            OLDEST_JOB_SECONDS.labels(name).set(engine.stats().oldest_job_seconds)
        WORKER_MEMORY_BYTES.clear()
        for part, workers in self.memory_mb().items():
            for number, megabytes in enumerate(workers, 1):
                WORKER_MEMORY_BYTES.labels(part, str(number)).set(megabytes * 1e6)

    def _set_health(self, report: HealthReport) -> None:
        READY.set(report.ready)
        for name, part in report.parts.items():
            PART_UP.labels(name).set(part.ok)
        disk = report.parts.get(DISK)
        if disk is not None and FREE_BYTES in disk.details:
            DISK_FREE_BYTES.set(disk.details[FREE_BYTES])


def real_time_factors() -> dict[str, float]:
    """Processing time divided by audio time of the latest jobs, by engine."""
    return {
        sample.labels["engine"]: round(sample.value, 4)
        for family in REAL_TIME_FACTOR.collect()
        for sample in family.samples
    }
