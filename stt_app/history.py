"""The history of transcripts."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

from common.errors import VoiceError
from gateway_app.access.principals import Principal
from gateway_app.history.records import HistoryWriter, TranscriptRecord
from stt_app.core.events import UtteranceFailed, UtteranceResult, UtteranceTranscribed
from stt_app.core.scripts import joined


class UtteranceRecorder:
    """The history records of one live session; held back after its end."""

    def __init__(
        self,
        history: HistoryWriter,
        session_id: str,
        *,
        principal: Principal,
        client: str,
    ) -> None:
        self._history = history
        self._session_id = session_id
        self._principal = principal
        self._client = client
        self._held: list[TranscriptRecord] | None = None

    def keep(self, result: UtteranceResult) -> None:
        """Write the record, or hold it back."""
        record = self._record(result)
        if self._held is None:
            self._history.record(record)
        else:
            self._held.append(record)

    def hold(self) -> list[TranscriptRecord]:
        """Hold back further records: a client that resumes will resend their audio."""
        self._held = []
        return self._held

    def _record(self, result: UtteranceResult) -> TranscriptRecord:
        record = TranscriptRecord(
            request_id=f"{self._session_id}-{result.utterance_id}",
            session_id=self._session_id,
            client=self._client,
            principal=self._principal.id,
            duration_seconds=round(result.audio_seconds, 3),
            stages_ms=_stages_ms(result),
        )
        if isinstance(result, UtteranceFailed):
            return replace(record, status="error", error=result.error.message)
        return replace(
            record, text=result.text, language=result.language, model=result.model
        )


def _stages_ms(result: UtteranceResult) -> dict[str, float]:
    """A recording arrives faster than it was spoken, so its final has no latency."""
    stages = result.stages_ms.items()
    return {name: ms for name, ms in stages if result.live or name != "final"}


class FileSummary:
    """The record of one file, as its utterances come."""

    def __init__(
        self, request_id: str = "", *, principal: Principal, client: str
    ) -> None:
        self._request_id = request_id or uuid.uuid4().hex
        self._principal = principal
        self._client = client
        self._began = time.monotonic()
        self._texts: list[str] = []
        self._last: UtteranceTranscribed | None = None
        self._error = ""
        self.status = "cancelled"
        """A context that lasts until the file is done or has failed."""

    def add(self, utterance: UtteranceTranscribed) -> None:
        self._texts.append(utterance.text)
        self._last = utterance

    def fail(self, error: VoiceError) -> None:
        self.status, self._error = "error", error.message

    def record(self) -> TranscriptRecord:
        """All of its text; the length is that up to its last speech."""
        last = self._last
        total_ms = round((time.monotonic() - self._began) * 1000, 1)
        return TranscriptRecord(
            request_id=self._request_id,
            session_id=self._request_id,
            client=self._client,
            principal=self._principal.id,
            text=joined(self._texts),
            language=last.language if last else "",
            model=last.model if last else "",
            duration_seconds=round(last.end_seconds, 3) if last else 0.0,
            stages_ms={"total": total_ms},
            status=self.status,
            error=self._error,
        )
