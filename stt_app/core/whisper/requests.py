"""What travels between the Whisper engine and its worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stt_app.core.engine import Transcript, Utterance
from stt_app.core.whisper.quality import Doubt


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
    window: str = "auto"
    """`auto`, `short` or `full`."""
    batch_size: int = 0
    """Utterances decoded at once; 0 means what suits the device."""
    library_folders: tuple[Path, ...] = ()
    """Folders with CUDA libraries, named in the configuration."""


@dataclass(frozen=True, eq=False)
class WhisperRequest:
    """What travels to a worker."""

    utterance: Utterance
    guarded: bool = True
    """Whether a doubtful text is worth a second look; an interim one is not."""
    beam: int = 1
    """How many hypotheses are followed."""


@dataclass(frozen=True)
class WhisperReply:
    """What comes back."""

    transcript: Transcript
    short: bool
    """Whether the short window wrote it, or at least tried."""
    doubt: Doubt | None = None
    """Why the full window was asked after the short one."""
