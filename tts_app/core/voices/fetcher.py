"""The hub client in a worker: lists the voices, and downloads one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.models.download import (
    PublishedVoice,
    fetching_voice,
    published_voices,
)
from common.models.files import VoiceFiles
from common.models.transfer import Progress
from tts_app.core.voices.install import examine

LISTER = "tts_app.core.voices.fetcher:VoiceLister"
FETCHER = "tts_app.core.voices.fetcher:VoiceFetcher"


@dataclass(frozen=True)
class FetchJob:
    """Which voice to download, and where to."""

    name: str
    folder: str
    """The voice gets its own folder in here."""
    most_bytes: int


@dataclass(frozen=True)
class Arrived:
    """The download is complete and valid."""

    files: VoiceFiles


class VoiceLister:
    """The Handler that gives the hub's voices; its request says nothing."""

    def __init__(self, hub: str | None) -> None:
        self._hub = hub

    def load(self) -> dict[str, Any]:
        return {}

    def handle(self, _request: None) -> Iterator[list[PublishedVoice]]:
        yield published_voices(self._hub)


class VoiceFetcher:
    """The Handler that downloads a voice: yields progress, then its files."""

    def __init__(self, hub: str | None) -> None:
        self._hub = hub

    def load(self) -> dict[str, Any]:
        return {}

    def handle(self, job: FetchJob) -> Iterator[Progress | Arrived]:
        """Raises ModelMissing or BadValue."""
        folder = Path(job.folder)
        yield from fetching_voice(job.name, folder, self._hub, job.most_bytes)
        onnx = folder / job.name / f"{job.name}.onnx"
        config = onnx.with_name(f"{onnx.name}.json")
        files = VoiceFiles(job.name, onnx, config, "folder")
        examine(files)
        yield Arrived(files)
