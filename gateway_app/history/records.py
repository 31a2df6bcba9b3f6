"""What the history keeps of a request. Recording never delays or fails the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gateway_app.history.storage import WaitingRow


@dataclass(frozen=True)
class TranscriptRecord:
    """One utterance that was transcribed."""

    request_id: str
    session_id: str
    client: str
    """IP address of the client."""
    principal: str = ""
    """The id of who sent it."""
    text: str = ""
    language: str = ""
    model: str = ""
    duration_seconds: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    """Latency by stage, such as `transcribe` and `final`."""
    status: str = "ok"
    """`ok`, `error` or `cancelled`."""
    error: str = ""


@dataclass(frozen=True)
class SynthesisRecord:
    """One request for speech."""

    request_id: str
    client: str
    """IP address of the client."""
    principal: str = ""
    """The id of who sent it."""
    text_in: str = ""
    text_out: str = ""
    voice: str = ""
    language: str = ""
    model: str = ""
    """The language model that answered; empty if the text was spoken as it is."""
    audio_format: str = "wav"
    duration_seconds: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    """Latency by stage: `llm_first_token`, `first_audio`, `total`."""
    status: str = "ok"
    error: str = ""


Record = TranscriptRecord | SynthesisRecord


class HistoryWriter(Protocol):
    """Receives the records of completed requests."""

    def record(self, record: Record) -> None:
        """Queue the record. Returns at once and never raises."""

    def keep(self, row: WaitingRow) -> None:
        """Queue a row of another package. Returns at once and never raises."""


class NoHistory:
    """Stores nothing: for the command line."""

    def record(self, record: Record) -> None:
        """Discard it."""

    def keep(self, row: WaitingRow) -> None:
        """Discard it."""


NO_HISTORY = NoHistory()
