"""The files that are being transcribed in this process, and how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway_app.monitor.messages import RunningFile
from stt_app.core.events import Progress
from stt_app.core.files.file_transcriber import FileDuration, FileEvent


class FileProgress:
    """One file: how much of it is done."""

    def __init__(self, request_id: str, principal: str, since: float) -> None:
        self.request_id = request_id
        self.principal = principal
        self.since = since
        self.done_seconds = 0.0
        self.audio_seconds: float | None = None
        """The length that its header names; None until it is known."""

    def take(self, event: FileEvent) -> None:
        """An event of its transcription."""
        if isinstance(event, FileDuration):
            self.audio_seconds = event.audio_seconds
        elif isinstance(event, Progress):
            self.done_seconds = event.audio_seconds


class RunningFiles:
    """Every file that is being transcribed, the oldest first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: list[FileProgress] = []

    @contextmanager
    def running(self, request_id: str, principal: str) -> Iterator[FileProgress]:
        """A context for one transcription."""
        file = FileProgress(request_id, principal, self._clock())
        self._running.append(file)
        try:
            yield file
        finally:
            self._running.remove(file)

    def now(self) -> list[RunningFile]:
        """How far each file is, as the monitor shows it."""
        return [self._shown(file) for file in self._running]

    def _shown(self, file: FileProgress) -> RunningFile:
        total = file.audio_seconds
        return RunningFile(
            request_id=file.request_id,
            principal=file.principal,
            done_seconds=round(file.done_seconds, 1),
            audio_seconds=None if total is None else round(total, 1),
            running_seconds=round(self._clock() - file.since, 1),
        )
