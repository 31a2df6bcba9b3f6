"""Decodes one utterance: with the short window first, with the full one if in doubt."""

from __future__ import annotations

from typing import Any

from stt_app.core.brief_speech import can_be_said
from stt_app.core.engine import Transcript, Word
from stt_app.core.languages import AUTO
from stt_app.core.whisper.loudness import raised
from stt_app.core.whisper.quality import (
    RedecodeReason,
    failed,
    redecode_reason,
    token_limit,
)
from stt_app.core.whisper.requests import WhisperReply, WhisperRequest
from stt_app.core.whisper.segments import (
    TextPiece,
    confidence,
    spoken_pieces,
    usable_pieces,
)
from stt_app.core.whisper.short_window import ShortWindowWhisper
from stt_app.core.whisper.stock_phrases import without_stock_phrases
from stt_app.core.whisper.window_table import LONGEST_SECONDS

_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Decoding:
    """Decodes one utterance with exclusive use of a model."""

    def __init__(
        self, model: ShortWindowWhisper, request: WhisperRequest, name: str
    ) -> None:
        self._model = model
        self._request = request
        self._name = name

    def run(self) -> WhisperReply:
        """The transcript, and how it was decoded."""
        guarded = self._request.guarded
        self._model.use_window(short=self._may_be_short())
        # One temperature, if a second decoding may follow or would come too late.
        quick = self._model.short or not guarded
        pieces, info = self._decode(_TEMPERATURES[:1] if quick else _TEMPERATURES)
        short = self._model.short
        doubt = quick and guarded
        found = self._redecode_reason(pieces, info.language) if doubt else None
        # A window that grew with the detected language is already full.
        if found and (short or any(map(failed, pieces))):
            self._model.use_window(short=False)
            pieces, info = self._decode(_TEMPERATURES)
        return WhisperReply(
            self._transcript(pieces, info), short, found if short else None
        )

    def _may_be_short(self) -> bool:
        wanted = self._transcribe_options()["language"]
        known = self._model.short_languages
        languages_fit = bool(known) if wanted is None else wanted in known
        return languages_fit and self._request.utterance.seconds <= LONGEST_SECONDS

    def _decode(self, temperatures: tuple[float, ...]) -> tuple[list[TextPiece], Any]:
        utterance = self._request.utterance
        segments, info = self._model.transcribe(
            raised(utterance.samples),
            **self._transcribe_options(),
            beam_size=self._request.beam,
            temperature=temperatures,
            condition_on_previous_text=False,
            max_new_tokens=token_limit(utterance.seconds),
        )
        return [_piece(each) for each in segments], info

    def _transcribe_options(self) -> dict[str, Any]:
        """The request as options of faster-whisper."""
        utterance = self._request.utterance
        language: str | None = utterance.language
        task: str = utterance.task
        if not self._model.model.is_multilingual:
            # A model that knows only English has nothing to translate from.
            language, task = "en", "transcribe"
        return {
            "language": None if language == AUTO else language,
            "task": task,
            "initial_prompt": utterance.prompt.strip() or None,
            "hotwords": utterance.hotwords.strip() or None,
            "word_timestamps": utterance.word_timestamps,
        }

    def _redecode_reason(
        self, pieces: list[TextPiece], language: str
    ) -> RedecodeReason | None:
        utterance = self._request.utterance
        return redecode_reason(
            spoken_pieces(pieces, utterance.seconds),
            utterance.seconds,
            utterance.voice_probability,
            language,
        )

    def _transcript(self, pieces: list[TextPiece], info: Any) -> Transcript:
        utterance = self._request.utterance
        usable = without_stock_phrases(
            usable_pieces(pieces, utterance.seconds), utterance.voice_probability
        )
        text = "".join(piece.text for piece in usable).strip()
        if not can_be_said(text, utterance.voiced_seconds):
            text, usable = "", []
        return Transcript(
            text=text,
            language=info.language,
            language_probability=float(info.language_probability),
            confidence=confidence(usable),
            model=self._name,
            words=tuple(word for piece in usable for word in piece.words),
            segments=tuple(piece.as_segment(utterance.seconds) for piece in usable),
        )


def _piece(segment: Any) -> TextPiece:
    return TextPiece(
        segment.text,
        segment.start,
        segment.compression_ratio,
        segment.avg_logprob,
        len(segment.tokens),
        tuple(
            Word(each.word.strip(), each.start, each.end, each.probability)
            for each in segment.words or ()
        ),
        segment.end,
        tuple(segment.tokens),
        float(segment.temperature or 0.0),
        segment.no_speech_prob,
    )
