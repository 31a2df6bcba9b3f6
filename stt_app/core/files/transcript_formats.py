"""Transcripts as files: plain text, JSON, SubRip and WebVTT."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from stt_app.core.files.subtitle_cues import Cue, cues
from stt_app.core.messages import TranscriptReady

_SHOWN = (
    "start",
    "end",
    "text",
    "language",
    "language_probability",
    "confidence",
    "words",
)


def as_text(utterances: Sequence[TranscriptReady]) -> str:
    """One line for each utterance."""
    return "".join(f"{each.text}\n" for each in utterances)


def as_json(utterances: Sequence[TranscriptReady]) -> str:
    """Everything that is known: whole text, model, and each utterance with its times."""
    plain: dict[str, Any] = {
        "text": " ".join(each.text for each in utterances),
        "model": utterances[0].model if utterances else None,
        "utterances": [
            each.model_dump(include=set(_SHOWN), exclude_none=True)
            for each in utterances
        ],
    }
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def as_srt(utterances: Sequence[TranscriptReady]) -> str:
    """SubRip subtitles."""
    blocks = [
        f"{number}\n{_times(cue, ',')}\n{_joined(cue)}\n"
        for number, cue in enumerate(cues(utterances), 1)
    ]
    return "\n".join(blocks)


def as_vtt(utterances: Sequence[TranscriptReady]) -> str:
    """WebVTT subtitles."""
    blocks = [
        f"{_times(cue, '.')}\n{_escaped(_joined(cue))}\n" for cue in cues(utterances)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


FORMATS: dict[str, Callable[[Sequence[TranscriptReady]], str]] = {
    "text": as_text,
    "json": as_json,
    "srt": as_srt,
    "vtt": as_vtt,
}
SUFFIXES = {"text": ".txt", "json": ".json", "srt": ".srt", "vtt": ".vtt"}


def _joined(cue: Cue) -> str:
    # An arrow inside a text would be read as the line of times.
    return "\n".join(cue.lines).replace("-->", "->")


def _escaped(text: str) -> str:
    """In WebVTT these three would be read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _times(cue: Cue, point: str) -> str:
    return f"{_stamp(cue.start, point)} --> {_stamp(cue.end, point)}"


def _stamp(seconds: float, point: str) -> str:
    milliseconds = int(seconds * 1000 + 0.5)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{rest:03}"
