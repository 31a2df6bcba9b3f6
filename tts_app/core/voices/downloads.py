"""Downloads voices from the hub while the server runs: a few at a time, with progress
and cancellation."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from common.config import Config, project_dir
from common.errors import (
    BadValue,
    Forbidden,
    ModelMissing,
    NotFound,
    TooMany,
    UnknownVoice,
    VoiceError,
)
from common.models.download import PublishedVoice
from common.models.files import VoiceFiles, local_voices, voices_folder
from common.models.names import nearest
from common.models.transfer import Progress
from common.workers import JobTimeout, Priority
from common.workers.brief import brief_worker
from tts_app.core.voices.fetcher import FETCHER, LISTER, Arrived, FetchJob
from tts_app.core.voices.install import hear, keep

log = structlog.get_logger(__name__)

AT_ONCE = 2
MOST_ACTIVE = 10
MOST_SHOWN = 20
LONGEST_SECONDS = 3_600.0
STALL_SECONDS = 120.0
"""A download that makes no progress for this long is aborted."""
LIST_PATIENCE_SECONDS = 10.0
LIST_FRESH_SECONDS = 600.0
STALE_SECONDS = 86_400.0
RETRY_SECONDS = 30.0


class DownloadState(StrEnum):
    """The state of a download; the last three are final."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    CHECKING = "checking"
    INSTALLING = "installing"
    INSTALLED = "installed"
    FAILED = "failed"
    CANCELLED = "cancelled"


STOPPABLE = (
    DownloadState.WAITING,
    DownloadState.DOWNLOADING,
    DownloadState.CHECKING,
)
ACTIVE = (*STOPPABLE, DownloadState.INSTALLING)


@dataclass
class Download:
    """One download."""

    name: str
    state: DownloadState = DownloadState.WAITING
    done_bytes: int = 0
    total_bytes: int = 0
    """0 if unknown."""
    problem: str = ""
    task: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def stoppable(self) -> bool:
        return self.state in STOPPABLE


class VoiceDownloads:
    """Starts, tracks and cancels downloads. `installed` is awaited with the name
    of each installed voice, in the context of whoever began the download. The hub is the
    one that `manage.py voices` asks, unless another one is given.
    """

    def __init__(
        self,
        config: Config,
        installed: Callable[[str], Awaitable[None]],
        hub: str | None = None,
        *,
        patience_seconds: float = LIST_PATIENCE_SECONDS,
    ) -> None:
        self._config = config
        self._installed = installed
        self._hub = hub
        self._patience_seconds = patience_seconds
        self._folder = project_dir() / Path(config.data_dir).expanduser() / "downloads"
        self._voices = voices_folder(config)
        self._downloads: dict[str, Download] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._listing: asyncio.Task[list[PublishedVoice]] | None = None
        self._listed_at = 0.0

    async def stop(self) -> None:
        """Stop running downloads; partial files stay for the next attempt."""
        begun: list[asyncio.Task[Any] | None] = [self._listing]
        begun += [each.task for each in self._downloads.values()]
        tasks = [task for task in begun if task and not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def downloads(self) -> list[Download]:
        """Running and finished downloads, newest first."""
        return list(reversed(self._downloads.values()))

    async def published(self) -> list[PublishedVoice]:
        """The hub's voices. Raises Forbidden when `offline`, ModelMissing without a hub."""
        if self._config.offline:
            raise Forbidden(
                "`offline` is true in the configuration, so the server does not use the hub."
            )
        if self._listing is None or self._is_old(self._listing):
            self._listed_at = time.monotonic()
            self._listing = asyncio.create_task(self._ask_for_list())
            self._listing.add_done_callback(_note_trouble)
        try:
            # Shielded: the next caller can still use the answer.
            return await asyncio.wait_for(
                asyncio.shield(self._listing), self._patience_seconds
            )
        except TimeoutError as error:
            raise ModelMissing(
                "The hub has not sent its list of voices yet; try again later."
            ) from error

    async def begin(self, name: str) -> Download:
        """Start to download a voice, or return the running download. Raises if it is
        not allowed."""
        known = [voice.name for voice in await self.published()]
        if name not in known:
            raise UnknownVoice(
                f"The hub has no voice `{name}`.{nearest(name, known)}", field="name"
            )
        here = {v.name for v in await asyncio.to_thread(local_voices, self._config)}
        running = self._downloads.get(name)
        if running and running.active:
            return running
        if name in here:
            raise BadValue(f"The voice `{name}` is already installed.", field="name")
        if sum(each.active for each in self._downloads.values()) >= MOST_ACTIVE:
            raise TooMany(
                f"{MOST_ACTIVE} downloads are already running or queued.",
                retry_after_seconds=RETRY_SECONDS,
            )
        return self._started(name)

    def cancel(self, name: str) -> Download:
        """Cancel a download and delete its files. Raises NotFound."""
        download = self._downloads.get(name)
        if download is None:
            raise NotFound(f"There is no download of `{name}`.", field="name")
        if download.stoppable and download.task:
            download.state = DownloadState.CANCELLED
            download.task.cancel()
        return download

    def _is_old(self, listing: asyncio.Task[list[PublishedVoice]]) -> bool:
        if not listing.done():
            return False
        failed = listing.cancelled() or listing.exception() is not None
        return failed or time.monotonic() - self._listed_at > LIST_FRESH_SECONDS

    async def _ask_for_list(self) -> list[PublishedVoice]:
        async with brief_worker(
            "voice list", LISTER, self._hub, isolation="thread"
        ) as worker:
            voices: list[PublishedVoice] = await worker.call(None, Priority.FINAL)
            return voices

    def _started(self, name: str) -> Download:
        earlier = self._downloads.pop(name, None)
        ended = [each.name for each in self._downloads.values() if not each.active]
        for old in ended[: max(0, len(self._downloads) - MOST_SHOWN + 1)]:
            del self._downloads[old]
        download = self._downloads[name] = Download(name)
        download.task = asyncio.create_task(self._run(download, earlier))
        return download

    async def _run(self, download: Download, earlier: Download | None) -> None:
        try:
            if earlier and earlier.task:
                await asyncio.wait({earlier.task})  # it may still clean up
            async with self._places:
                await asyncio.wait_for(self._bring(download), LONGEST_SECONDS)
        except asyncio.CancelledError:
            if download.state is not DownloadState.CANCELLED:
                raise  # the server stops
            await self._discard(download.name)
        except TimeoutError:
            hours = LONGEST_SECONDS / 3_600
            self._fail(download, f"It took longer than {hours:g} h.")
        except BadValue as error:
            await self._discard(download.name)
            self._fail(download, error.message)
        except VoiceError as error:
            self._fail(download, error.message)
        except Exception as error:
            log.error("voice download failed", name=download.name, exc_info=error)
            self._fail(download, "The server made a mistake; it has been logged.")

    async def _bring(self, download: Download) -> None:
        log.info("downloading voice", name=download.name)
        await asyncio.to_thread(self._remove_stale)
        download.state = DownloadState.DOWNLOADING
        files = await self._fetch(download)
        download.state = DownloadState.CHECKING
        await hear(files)
        download.state = DownloadState.INSTALLING
        await asyncio.to_thread(keep, files, self._voices / download.name)
        await self._installed(download.name)
        download.state = DownloadState.INSTALLED
        log.info("voice installed", name=download.name, bytes=download.done_bytes)

    async def _fetch(self, download: Download) -> VoiceFiles:
        most_bytes = self._config.voice_upload_max_mb * 1_000_000
        job = FetchJob(download.name, str(self._folder), most_bytes)
        async with (
            brief_worker(
                "voice download",
                FETCHER,
                self._hub,
                isolation=self._config.engine_isolation,
                job_timeout=JobTimeout(STALL_SECONDS),
            ) as worker,
            aclosing(worker.stream(job, Priority.FILE)) as steps,  # type: ignore[type-var]
        ):
            async for step in steps:
                if isinstance(step, Arrived):
                    return step.files
                self._note(download, step)
        raise ModelMissing("The download ended before the voice was complete.")

    def _note(self, download: Download, progress: Progress) -> None:
        download.done_bytes = progress.done_bytes
        download.total_bytes = progress.total_bytes

    def _fail(self, download: Download, problem: str) -> None:
        download.state, download.problem = DownloadState.FAILED, problem
        log.warning("voice not installed", name=download.name, reason=problem)

    async def _discard(self, name: str) -> None:
        folder = self._folder / name
        await asyncio.to_thread(partial(shutil.rmtree, folder, ignore_errors=True))

    def _remove_stale(self) -> None:
        """Delete the files of abandoned downloads."""
        running = {each.name for each in self._downloads.values() if each.active}
        with suppress(OSError):
            for folder in self._folder.iterdir():
                old = time.time() - folder.stat().st_mtime > STALE_SECONDS
                if old and folder.name not in running:
                    shutil.rmtree(folder, ignore_errors=True)


def _note_trouble(listing: asyncio.Task[list[PublishedVoice]]) -> None:
    """Even if nobody is waiting any more."""
    if not listing.cancelled() and (error := listing.exception()):
        log.warning("voice list unavailable", reason=str(error))
