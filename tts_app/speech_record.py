"""Records an answer: its row in the history, its metrics, a log line."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from common.errors import VoiceError
from common.metrics import AUDIO_SECONDS, STAGE_SECONDS
from gateway_app.access.principals import Principal
from gateway_app.history.records import HistoryWriter, SynthesisRecord
from tts_app.core.engine import VoiceInfo
from tts_app.speech_request import SpeechRequest
from tts_app.speech_stream import SpeechOutcome

log = structlog.get_logger(__name__)


class HeldRecord:
    """Holds the record of an answer back until the answer is wanted."""

    def __init__(self, *, is_wanted: bool = False) -> None:
        self._is_wanted = is_wanted
        self._write: Callable[[], None] | None = None

    def put(self, write: Callable[[], None]) -> None:
        """The answer has ended; `write` records it."""
        if self._is_wanted:
            write()
        else:
            self._write = write

    def want(self) -> None:
        """The answer was wanted."""
        self._is_wanted = True
        if self._write is not None:
            self._write()
            self._write = None


class SpeechRecorder:
    """Called once per answer, when it has ended for any reason."""

    def __init__(self, history: HistoryWriter) -> None:
        self._history = history

    def record(
        self,
        request: SpeechRequest,
        outcome: SpeechOutcome,
        *,
        voice: VoiceInfo,
        model: str,
        principal: Principal,
        client: str,
    ) -> None:
        """`model` is that of the language model; empty if none was used."""
        stages_ms = _stages_ms(outcome, asked_llm=bool(model))
        record = SynthesisRecord(
            request_id=request.request_id,
            client=client,
            principal=principal.id,
            text_in=request.text,
            text_out=outcome.text,
            voice=voice.name,
            language=voice.language,
            model=model,
            audio_format=request.audio_format,
            duration_seconds=round(outcome.audio_seconds, 3),
            stages_ms=stages_ms,
            status=outcome.status,
            error=_sentence(outcome.error),
        )
        self._history.record(record)
        AUDIO_SECONDS.labels("out").inc(outcome.audio_seconds)
        log.info(
            "speech ended",
            voice=voice.name,
            status=outcome.status,
            audio_seconds=record.duration_seconds,
            **stages_ms,
        )


def _stages_ms(outcome: SpeechOutcome, *, asked_llm: bool) -> dict[str, float]:
    """The stage times, which also go to the metrics."""
    taken = {
        "llm_first_token": outcome.first_piece_seconds if asked_llm else None,
        "first_audio": outcome.first_audio_seconds,
        "total": outcome.total_seconds,
    }
    stages = {name: seconds for name, seconds in taken.items() if seconds is not None}
    for name, seconds in stages.items():
        label = "tts_total" if name == "total" else name
        STAGE_SECONDS.labels(label).observe(seconds)
    return {name: round(seconds * 1000, 1) for name, seconds in stages.items()}


def _sentence(error: Exception | None) -> str:
    if error is None:
        return ""
    return error.message if isinstance(error, VoiceError) else type(error).__name__
