"""The messages between the Whisper engine and its worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.workers import Priority
from stt_app.core.engine import Transcript, TranscriptionRequest
from stt_app.core.whisper.hallucinations.quality import RedecodeReason

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
    """A request to a worker."""

    utterance: TranscriptionRequest
    guarded: bool = True
    """Whether to decode a doubtful text again; not worth it for interim results."""
    beam: int = 1
    """The beam width."""


@dataclass(frozen=True)
class WhisperReply:
    """A worker's response."""

    transcript: Transcript
    short: bool
    """Whether the short window was used, at least at first."""
    redecoded: RedecodeReason | None = None
    """Why the full window was decoded after the short one."""


def choose_beam(wanted: int, priority: Priority) -> int:
    """The beam's width, which is the one configured if there is one.

    A wider beam is more accurate on long speech but slower, so it is for files.
    """
    if wanted != BY_ITSELF:
        return wanted
    return CAREFUL if priority is Priority.FILE else FAST
