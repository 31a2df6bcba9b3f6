"""What travels between the Whisper engine and its worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.audio import Samples


@dataclass(frozen=True)
class WhisperOptions:
    """Which model a worker loads, and how."""

    name: str
    folder: Path
    device: str
    """`auto`, `cpu` or `cuda`."""
    compute_type: str
    """`auto`, or one of CTranslate2's."""
    threads: int
    beam: int
    library_folders: tuple[Path, ...] = ()
    """Folders with CUDA libraries, named in the configuration."""


@dataclass(frozen=True, eq=False)
class WhisperRequest:
    """One utterance, 16 kHz, and its language; None means that it is detected."""

    samples: Samples
    language: str | None
