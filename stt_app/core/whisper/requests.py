"""What travels between the Whisper engine and its worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.workers import Priority
from stt_app.core.engine import Transcript, TranscriptionRequest
from stt_app.core.whisper.quality import RedecodeReason

BY_ITSELF = 0
"""`whisper_beam: 0`: the width follows from the priority."""
FAST = 1
CAREFUL = 5
"""faster-whisper's own default."""


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

    utterance: TranscriptionRequest
    guarded: bool = True
    """Whether a doubtful text is decoded again; an interim one is not worth it."""
    beam: int = 1
    """How many hypotheses are followed."""


@dataclass(frozen=True)
class WhisperReply:
    """What comes back."""

    transcript: Transcript
    short: bool
    """Whether the short window wrote it, or at least tried."""
    redecoded: RedecodeReason | None = None
    """Why the full window was decoded after the short one."""


def choose_beam(wanted: int, priority: Priority) -> int:
    """The beam's width, which is the one configured if there is one.

    A wider beam hears long speech better and takes longer, so it is for files, which
    nobody waits for.
    """
    if wanted != BY_ITSELF:
        return wanted
    return CAREFUL if priority is Priority.FILE else FAST
