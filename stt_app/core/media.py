"""Media files of any kind, decoded in a process of their own.

FFmpeg reads what strangers made. A crash, a hang or a hunger for memory ends that
process and the file is refused; nothing else notices.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

from common.audio import SPEECH_RATE_HZ
from common.errors import EngineFailed, TooLarge, UnsupportedAudio
from common.workers import Patience, Priority, WorkerPool
from stt_app.core.media_worker import Portion, ReadMedia

_WORKER = "stt_app.core.media_worker:MediaWorker"
PORTION_SECONDS = 10
_PORTION_TIMEOUT_SECONDS = 30.0
_SLOWEST_SKIP = 20
"""Reaching a place far into a file is at least so many times faster than playing it."""


class MediaDecoder:
    """Decodes one file at a time. `max_seconds` bounds the sound that a file may hold."""

    def __init__(
        self,
        max_seconds: float,
        *,
        isolation: str = "process",
        timeout_seconds: float = _PORTION_TIMEOUT_SECONDS,
        worker: str = _WORKER,
    ) -> None:
        self._max_seconds = max_seconds
        self._timeout_seconds = timeout_seconds
        # How long a portion may take depends on its place in the file: `_portion`.
        patience = Patience(seconds=math.inf)
        self._pool = WorkerPool("media", worker, isolation=isolation, patience=patience)

    async def start(self) -> None:
        """Start the process. Raises EngineFailed."""
        await self._pool.start()

    async def stop(self) -> None:
        await self._pool.stop()

    async def portions(
        self, path: Path, start_seconds: float = 0.0
    ) -> AsyncIterator[Portion]:
        """The file's sound from there on, ten seconds at a time, the last one shorter.

        Raises UnsupportedAudio, TooLarge, or OSError when it cannot be opened.
        """
        start = round(start_seconds * SPEECH_RATE_HZ)
        while True:
            portion = await self._portion(path, start)
            start += len(portion.samples)
            if start > self._max_seconds * SPEECH_RATE_HZ:
                raise TooLarge(
                    f"{path.name} holds more than {self._max_seconds:g} s of sound "
                    "(`file_max_seconds`)."
                )
            if portion.last and not start:
                raise UnsupportedAudio(f"No sound could be decoded from {path.name}.")
            yield portion
            if portion.last:
                return

    async def _portion(self, path: Path, start: int) -> Portion:
        request = ReadMedia(path, start, PORTION_SECONDS * SPEECH_RATE_HZ)
        patience = self._timeout_seconds + start / SPEECH_RATE_HZ / _SLOWEST_SKIP
        try:
            portion: Portion = await asyncio.wait_for(
                self._pool.call(request, Priority.FILE), patience
            )
        except asyncio.TimeoutError as error:
            # Native code does not listen; only its process can be ended.
            await self._pool.stop()
            await self._pool.start()
            raise UnsupportedAudio(f"Decoding {path.name} takes too long.") from error
        except EngineFailed as error:
            raise UnsupportedAudio(
                f"{path.name} cannot be decoded: {error.message}"
            ) from error
        return portion
