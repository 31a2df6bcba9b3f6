"""Transcripts as files: plain text, JSON, SubRip and WebVTT."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from stt_app.core.events import UtteranceTranscribed
from stt_app.core.files.subtitle_cues import Cue, cues
from stt_app.core.scripts import joined


def as_text(utterances: Sequence[UtteranceTranscribed]) -> str:
    """One line for each utterance."""
    return "".join(f"{each.text}\n" for each in utterances)


def as_json(utterances: Sequence[UtteranceTranscribed]) -> str:
    """All data: the whole text, the model, and each utterance with its times."""
    plain: dict[str, Any] = {
        "text": joined(each.text for each in utterances),
        "model": utterances[0].model if utterances else None,
        "utterances": [_plain(each) for each in utterances],
    }
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def _plain(utterance: UtteranceTranscribed) -> dict[str, Any]:
    """An utterance in a file; times are seconds, to the millisecond."""
    plain: dict[str, Any] = {
        "text": utterance.text,
        "start": round(utterance.start_seconds, 3),
        "end": round(utterance.end_seconds, 3),
        "language": utterance.language,
        "language_probability": round(utterance.language_probability, 3),
        "confidence": round(utterance.confidence, 3),
    }
    if utterance.words is not None:
        plain["words"] = [
            {
                "word": word.word,
                "start": round(word.start_seconds, 3),
                "end": round(word.end_seconds, 3),
                "probability": round(word.probability, 3),
            }
            for word in utterance.words
        ]
    return plain


def as_srt(utterances: Sequence[UtteranceTranscribed]) -> str:
    """SubRip subtitles."""
    blocks = [
        f"{number}\n{_times(cue, ',')}\n{_joined(cue)}\n"
        for number, cue in enumerate(cues(utterances), 1)
    ]
    return "\n".join(blocks)


def as_vtt(utterances: Sequence[UtteranceTranscribed]) -> str:
    """WebVTT subtitles."""
    blocks = [
        f"{_times(cue, '.')}\n{_escaped(_joined(cue))}\n" for cue in cues(utterances)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


FORMATS: dict[str, Callable[[Sequence[UtteranceTranscribed]], str]] = {
    "text": as_text,
    "json": as_json,
    "srt": as_srt,
    "vtt": as_vtt,
}
SUFFIXES = {"text": ".txt", "json": ".json", "srt": ".srt", "vtt": ".vtt"}


def _joined(cue: Cue) -> str:
    # An arrow inside a text would be parsed as a timing line.
    return "\n".join(cue.lines).replace("-->", "->")


def _escaped(text: str) -> str:
    """WebVTT would parse these three characters as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _times(cue: Cue, point: str) -> str:
    return f"{_stamp(cue.start, point)} --> {_stamp(cue.end, point)}"


def _stamp(seconds: float, point: str) -> str:
    milliseconds = int(seconds * 1000 + 0.5)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{rest:03}"
