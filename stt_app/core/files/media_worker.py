"""The media worker: runs only inside a worker process."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.audio import SPEECH_RATE_HZ, Samples
from stt_app.core.files.media_reader import MediaReader

_MEMORY_BYTES = 1 << 30
_SKIPPED_AT_ONCE = 60 * SPEECH_RATE_HZ


@dataclass(frozen=True)
class ReadMedia:
    """`count` samples of a file, from `start` on."""

    path: Path
    start: int
    count: int
    track: int = 1
    """The audio track, counted from 1."""


@dataclass(frozen=True, eq=False)
class Portion:
    """A part of a file: mono float32 at 16 kHz."""

    samples: Samples
    start: int
    last: bool
    duration_seconds: float | None
    """The duration of the whole file, from its header."""
    sounding_track: int | None = None
    """At the end of a silent track: another one that has sound."""


class MediaWorker:
    """Keeps the file open between portions; any portion can be requested again."""

    def __init__(self) -> None:
        self._open: tuple[Path, int] | None = None
        self._reader: MediaReader | None = None

    def load(self) -> dict[str, Any]:
        """Limit the memory that a hostile file can allocate."""
        if multiprocessing.parent_process() is None:
            return {}  # In a thread the limit would apply to the whole server.
        with contextlib.suppress(ImportError):
            import resource

            import psutil

            used = psutil.Process().memory_info().vms
            limit = used + _MEMORY_BYTES
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            if hard == resource.RLIM_INFINITY or limit < hard:
                resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        return {}

    def handle(self, request: ReadMedia) -> Iterator[Portion]:
        """One portion. Raises UnsupportedAudio, and BadValue for an unknown track."""
        reader = self._reader_at(request)
        samples = reader.read(request.count)
        last = len(samples) < request.count
        duration = reader.duration_seconds
        sounding = reader.sounding_track() if last else None
        if last:
            self._close()
        yield Portion(samples, request.start, last, duration, sounding)

    def _reader_at(self, request: ReadMedia) -> MediaReader:
        reader = self._reader
        wanted = request.path, request.track
        here = reader is not None and self._open == wanted
        if reader is None or not here or reader.position > request.start:
            self._close()
            reader = self._reader = MediaReader(*wanted)
            self._open = wanted
        while reader.position < request.start:
            missing = request.start - reader.position
            if not len(reader.read(min(missing, _SKIPPED_AT_ONCE))):
                break
        return reader

    def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
