"""What a Whisper worker process is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
