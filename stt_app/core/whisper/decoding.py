"""Decodes one utterance: with the short window first, with the full one if in doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common.audio import SPEECH_RATE_HZ
from stt_app.core.brief_speech import can_be_said
from stt_app.core.engine import Transcript, TranscriptionRequest, Word
from stt_app.core.languages import AUTO
from stt_app.core.whisper.hallucinations.quality import (
    RedecodeReason,
    failed,
    redecode_reason,
    token_limit,
)
from stt_app.core.whisper.hallucinations.repetition import (
    find_repetition,
    without_made_up,
)
from stt_app.core.whisper.hallucinations.segments import (
    TextPiece,
    confidence,
    is_looping,
    spoken_pieces,
    usable_pieces,
)
from stt_app.core.whisper.hallucinations.stock_phrases import without_stock_phrases
from stt_app.core.whisper.loudness import raised
from stt_app.core.whisper.requests import WhisperReply, WhisperRequest
from stt_app.core.whisper.short_window import ShortWindowWhisper
from stt_app.core.whisper.window_table import LONGEST_SECONDS

_COLD = (0.0,)
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
        self._model.use_window(short=self._may_be_short())
        # One temperature: a second decoding may follow, or would come too late.
        pieces, info = self._decode(_COLD)
        short = self._model.short
        if not self._request.guarded:
            return self._reply(usable_pieces(pieces, self._seconds), info, short)
        found = self._redecode_reason(pieces, info.language) if short else None
        if found:
            self._model.use_window(short=False)
            pieces, info = self._decode(_COLD, self._timed_if(pieces))
        if any(map(failed, pieces)):
            pieces, info = self._decode_again(pieces, info)
        return self._reply(spoken_pieces(pieces, self._seconds), info, short, found)

    @property
    def _seconds(self) -> float:
        return self._request.utterance.seconds

    def _timed_if(self, pieces: list[TextPiece]) -> TranscriptionRequest:
        """The utterance, with the times of words if these pieces make them needed."""
        timed = any(map(is_looping, pieces)) or self._request.utterance.word_timestamps
        return replace(self._request.utterance, word_timestamps=timed)

    def _decode_again(
        self, pieces: list[TextPiece], info: Any
    ) -> tuple[list[TextPiece], Any]:
        """What was said, where the text fails by Whisper's own measure."""
        if any(map(is_looping, pieces)):
            said = self._without_made_up(pieces, info.language)
            if said is not None:
                return said, info
        pieces, info = self._decode(_TEMPERATURES)
        return usable_pieces(pieces, self._seconds), info

    def _without_made_up(
        self, pieces: list[TextPiece], language: str
    ) -> list[TextPiece] | None:
        """The text without made-up repetition, by the times of its words; None if it
        does not repeat itself.
        """
        utterance = self._request.utterance

        def decode(seconds: float) -> list[TextPiece]:
            rest = replace(
                utterance,
                samples=utterance.samples[round(seconds * SPEECH_RATE_HZ) :],
                language=language,
                word_timestamps=True,
            )
            found, _ = self._decode(_COLD, rest)
            spoken = spoken_pieces(found, rest.seconds)
            return [piece.moved(seconds) for piece in spoken]

        timed = spoken_pieces(pieces, self._seconds)
        if not all(piece.words for piece in timed):
            timed = decode(0.0)
        if find_repetition([word.word for piece in timed for word in piece.words]):
            return without_made_up(timed, utterance.samples, decode)
        return None

    def _may_be_short(self) -> bool:
        wanted = self._transcribe_options(self._request.utterance)["language"]
        known = self._model.short_languages
        languages_fit = bool(known) if wanted is None else wanted in known
        return languages_fit and self._request.utterance.seconds <= LONGEST_SECONDS

    def _decode(
        self,
        temperatures: tuple[float, ...],
        utterance: TranscriptionRequest | None = None,
    ) -> tuple[list[TextPiece], Any]:
        utterance = utterance or self._request.utterance
        segments, info = self._model.transcribe(
            raised(utterance.samples),
            **self._transcribe_options(utterance),
            beam_size=self._request.beam,
            temperature=temperatures,
            condition_on_previous_text=False,
            max_new_tokens=token_limit(utterance.seconds),
        )
        return [_piece(each) for each in segments], info

    def _transcribe_options(self, utterance: TranscriptionRequest) -> dict[str, Any]:
        """The request as options of faster-whisper."""
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

    def _reply(
        self,
        pieces: list[TextPiece],
        info: Any,
        short: bool,
        found: RedecodeReason | None = None,
    ) -> WhisperReply:
        return WhisperReply(self._transcript(pieces, info), short, found)

    def _transcript(self, pieces: list[TextPiece], info: Any) -> Transcript:
        utterance = self._request.utterance
        usable = without_stock_phrases(pieces, utterance.voice_probability)
        text = "".join(piece.text for piece in usable).strip()
        if not can_be_said(text, utterance.voiced_seconds):
            text, usable = "", []
        words = (word for piece in usable for word in piece.words)
        return Transcript(
            text=text,
            language=info.language,
            language_probability=float(info.language_probability),
            confidence=confidence(usable),
            model=self._name,
            words=tuple(words) if utterance.word_timestamps else (),
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
