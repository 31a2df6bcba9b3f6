"""What a caller asks of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stt_app.core.session.options import Options


@dataclass(frozen=True)
class FileRequest:
    """A file to transcribe, and how."""

    path: Path
    options: Options
    start_seconds: float = 0.0
    model: str = ""
    """One that the engine offers; empty for its default."""
    voice_probability: float | None = None
    """From 0 to 1 for a file that is one utterance, in which speech was detected
    elsewhere."""
    track: int | None = None
    """One of the audio tracks, counted from 1; None is the first."""
