"""Media files of any kind, each decoded in a process of its own.

FFmpeg reads untrusted files. A crash, a hang or excessive memory ends that process, and
the file is rejected; other files are not affected. Short mono WAV files of 16-bit PCM
are read without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from pathlib import Path

from common.audio import SPEECH_RATE_HZ
from common.errors import (
    EngineFailed,
    Overloaded,
    TooLarge,
    UnsupportedAudio,
    VoiceError,
)
from common.metrics import WORKER_HANGS
from common.workers import JobTimeout, Priority, WorkerPool
from stt_app.core.files.media_worker import Portion, ReadMedia
from stt_app.core.files.short_wav import read_short_wav

_WORKER = "stt_app.core.files.media_worker:MediaWorker"
PORTION_SECONDS = 10
_PORTION_TIMEOUT_SECONDS = 30.0
"""Decoding is a hundred times faster than real time, so beyond this the file hangs."""
_SLOWEST_SKIP = 20
"""Seeking far into a file is at least this many times faster than real time."""
_RETRY_SECONDS = 10.0
_NO_TIMEOUT = JobTimeout(seconds=math.inf)
"""`_portion` sets the time limit, which depends on the place in the file."""


class _DecoderBroke(UnsupportedAudio):
    """The process is unusable: it hangs, died, or failed."""


class MediaDecoder:
    """Decodes up to `processes` files at the same time; up to `queue_limit` more wait.

    A process that has read or rejected its file normally is reused; one whose file was
    cancelled, took too long or crashed it is killed. `max_seconds` limits the length of
    a file.
    """

    def __init__(
        self,
        max_seconds: float,
        *,
        isolation: str = "process",
        processes: int = 1,
        queue_limit: int = 32,
        timeout_seconds: float = _PORTION_TIMEOUT_SECONDS,
        worker: str = _WORKER,
    ) -> None:
        self._max_seconds = max_seconds
        self._isolation = isolation
        self._queue_limit = queue_limit
        self._timeout_seconds = timeout_seconds
        self._worker = worker
        self._places = asyncio.Semaphore(processes)
        self._waiting = 0
        self._idle: WorkerPool | None = None
        self._at_work: set[WorkerPool] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Kill every process, also busy ones."""
        idle, self._idle = self._idle, None
        pools = [*self._at_work, *([idle] if idle else [])]
        await asyncio.gather(*(pool.stop() for pool in pools), *self._ending)

    async def portions(
        self, path: Path, start_seconds: float = 0.0, track: int | None = None
    ) -> AsyncIterator[Portion]:
        """The file's sound from there on, ten seconds at a time, the last one shorter.

        `track` is one of its audio tracks, counted from 1; None is the first. Raises
        UnsupportedAudio, BadValue for a track that it does not have, TooLarge, Overloaded when too many files wait,
        EngineFailed when no process can be started, or OSError when the file cannot
        be opened.
        """
        start = round(start_seconds * SPEECH_RATE_HZ)
        short = None
        if track in (None, 1):
            short = await asyncio.to_thread(read_short_wav, path)
        if short is not None:
            self._check_length(path, len(short))
            seconds = len(short) / SPEECH_RATE_HZ
            yield Portion(short[start:], start, last=True, duration_seconds=seconds)
            return
        async with self._process() as pool:
            while True:
                portion = await self._portion(pool, path, start, track or 1)
                start += len(portion.samples)
                self._check_length(path, start)
                if portion.last and not start:
                    raise UnsupportedAudio("No audio could be decoded from the file.")
                yield portion
                if portion.last:
                    return

    def _check_length(self, path: Path, samples: int) -> None:
        if samples > self._max_seconds * SPEECH_RATE_HZ:
            raise TooLarge(
                f"{path.name} holds more than {self._max_seconds:g} s of "
                "sound (`file_max_seconds`)."
            )

    @contextlib.asynccontextmanager
    async def _process(self) -> AsyncIterator[WorkerPool]:
        """A process for one file, once there is a free slot."""
        await self._wait_for_place()
        pool, self._idle = self._idle, None
        try:
            if pool is None:
                pool = WorkerPool(
                    "media",
                    self._worker,
                    isolation=self._isolation,
                    job_timeout=_NO_TIMEOUT,
                )
                await pool.start()
        except BaseException:
            self._places.release()
            raise
        self._at_work.add(pool)
        fit = False
        try:
            yield pool
            fit = True
        except VoiceError as error:
            fit = not isinstance(error, _DecoderBroke)
            raise
        finally:
            self._at_work.discard(pool)
            if fit and self._idle is None:
                self._idle = pool
                self._places.release()
            else:
                # Nobody waits for it, but its slot is free only after it has ended.
                ending = asyncio.create_task(self._end(pool))
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)

    async def _wait_for_place(self) -> None:
        if self._places.locked() and self._waiting >= self._queue_limit:
            raise Overloaded(
                f"{self._waiting} recordings are already waiting to be decoded.",
                retry_after_seconds=_RETRY_SECONDS,
            )
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def _end(self, pool: WorkerPool) -> None:
        try:
            await pool.stop()
        finally:
            self._places.release()

    async def _portion(
        self, pool: WorkerPool, path: Path, start: int, track: int
    ) -> Portion:
        request = ReadMedia(path, start, PORTION_SECONDS * SPEECH_RATE_HZ, track)
        patience = self._timeout_seconds + start / SPEECH_RATE_HZ / _SLOWEST_SKIP
        try:
            portion: Portion = await asyncio.wait_for(
                pool.call(request, Priority.FILE), patience
            )
        except TimeoutError as error:
            WORKER_HANGS.labels("media").inc()
            raise _DecoderBroke(f"Decoding {path.name} takes too long.") from error
        except EngineFailed as error:
            raise _DecoderBroke(
                f"{path.name} cannot be decoded: {error.message}"
            ) from error
        return portion
