"""faster-whisper as it comes: what the server is compared with."""

from __future__ import annotations

import os
from typing import Any

from faster_whisper import WhisperModel

from common.audio import Samples
from common.config import load_config
from common.models.files import find_whisper

PRECISION = "int8"


class Offline:
    """A plain `WhisperModel`, on all cores unless told otherwise."""

    def __init__(self, name: str, cores: int | None = None) -> None:
        folder = find_whisper(name, load_config({}).config)
        cores = cores or os.cpu_count() or 1
        self.model = WhisperModel(
            str(folder), device="cpu", compute_type=PRECISION, cpu_threads=cores
        )

    def text(self, samples: Samples, language: str | None = "en", beam: int = 1) -> str:
        """The text of samples at 16 kHz, by `WhisperModel.transcribe`.

        Without a language it is detected.
        """
        wanted: dict[str, Any] = {"beam_size": beam, "language": language}
        segments, _ = self.model.transcribe(
            samples, condition_on_previous_text=False, **wanted
        )
        return "".join(segment.text for segment in segments).strip()
