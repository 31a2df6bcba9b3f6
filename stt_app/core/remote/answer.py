"""The transcript in a server's answer, however much of it the server gives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from common.remote.failures import Garbled
from stt_app.core.brief_speech import can_be_said
from stt_app.core.engine import Segment, Transcript, TranscriptionRequest, Word
from stt_app.core.language_tags import find_language
from stt_app.core.languages import AUTO

_USUAL_LANGUAGE = "en"
"""For a server that does not say which language it heard."""


def transcript_of(answer: Any, request: TranscriptionRequest, model: str) -> Transcript:
    """The transcript. What the server does not say is taken as certain.

    Raises Garbled for an answer without text.
    """
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise Garbled("sent an answer without `text`")
    text = text.strip() if can_be_said(text, request.voiced_seconds) else ""
    timed = text and request.word_timestamps
    words = tuple(_words(answer, request.seconds)) if timed else ()
    return Transcript(
        text,
        _language(answer, request),
        _share(answer.get("language_probability"), 1.0),
        _confidence(answer, words) if text else 0.0,
        model,
        words,
        tuple(_segments(answer, request.seconds)) if text else (),
    )


def _language(answer: dict[str, Any], request: TranscriptionRequest) -> str:
    """The code of the language that the server names, or that it was asked for."""
    found = find_language(str(answer.get("language") or ""))
    return found if found and found != AUTO else _expected_language(request)


def _expected_language(request: TranscriptionRequest) -> str:
    is_open = request.task == "translate" or request.language == AUTO
    return _USUAL_LANGUAGE if is_open else request.language


def _words(answer: dict[str, Any], seconds: float) -> Iterator[Word]:
    """The words in order; OpenAI puts them beside the segments, others into them."""
    latest = 0.0
    entries = _entries(answer, "words") or [
        word
        for each in _entries(answer, "segments")
        for word in _entries(each, "words")
    ]
    for entry in entries:
        word = str(entry.get("word") or "").strip()
        start, end = _number(entry.get("start")), _number(entry.get("end"))
        if not word or start is None or end is None:
            continue
        start = min(max(start, latest), seconds)
        latest = min(max(end, start), seconds)
        probability = _share(entry.get("probability", entry.get("confidence")), 1.0)
        yield Word(word, start, latest, probability)


def _segments(answer: dict[str, Any], seconds: float) -> Iterator[Segment]:
    """Those with text and times, with what the server says about them."""
    for entry in _entries(answer, "segments"):
        text = entry.get("text")
        start, end = _number(entry.get("start")), _number(entry.get("end"))
        if not isinstance(text, str) or start is None or end is None:
            continue
        start = min(max(start, 0.0), seconds)
        yield Segment(
            text,
            start,
            min(max(end, start), seconds),
            _tokens(entry.get("tokens")),
            _number(entry.get("temperature")) or 0.0,
            _number(entry.get("avg_logprob")) or 0.0,
            _number(entry.get("compression_ratio")) or 1.0,
            _share(entry.get("no_speech_prob"), 0.0),
        )


def _tokens(listed: object) -> tuple[int, ...]:
    found = listed if isinstance(listed, list) else []
    return tuple(each for each in found if isinstance(each, int))


def _confidence(answer: dict[str, Any], words: Sequence[Word]) -> float:
    """The mean probability of the segments by their length, or of the words."""
    weighted = [
        (
            max(
                0.001, (_number(s.get("end")) or 0.0) - (_number(s.get("start")) or 0.0)
            ),
            p,
        )
        for s in _entries(answer, "segments")
        if (p := _number(s.get("avg_logprob"))) is not None
    ]
    total = sum(weight for weight, _ in weighted)
    if total:
        return math.exp(min(0.0, sum(w * p for w, p in weighted) / total))
    if words:
        return sum(word.probability for word in words) / len(words)
    return 1.0


def _entries(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = holder.get(name)
    found = listed if isinstance(listed, list) else []
    return [entry for entry in found if isinstance(entry, dict)]


def _number(value: object) -> float | None:
    usable = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if usable else None  # type: ignore[arg-type]


def _share(value: object, otherwise: float) -> float:
    """A probability."""
    number = _number(value)
    return otherwise if number is None else min(1.0, max(0.0, number))
