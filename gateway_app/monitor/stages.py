"""The stages of a request, with names and bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STAGE_NAMES = {
    "transcribe": "Whisper transcription",
    "final": "Final, after the end of speech",
    "transcribed": "Transcript",
    "rated": "Estimate of the turn model",
    "endpoint": "Pause long enough",
    "committed": "Turn committed",
    "llm_first_token": "First token of the language model",
    "first_audio": "First sound",
    "first_sent": "First sound sent",
    "total": "Whole answer",
}


@dataclass(frozen=True)
class StageBar:
    """One stage; `percent` is of the longest."""

    name: str
    milliseconds: float
    percent: float


def stage_bars(stages_ms: Mapping[str, float]) -> list[StageBar]:
    """The stages in the order in which they happen, unknown ones last."""
    longest = max(stages_ms.values(), default=0.0) or 1.0
    known = [stage for stage in STAGE_NAMES if stage in stages_ms]
    others = sorted(set(stages_ms) - set(known))
    return [
        StageBar(
            stage_name(stage), stages_ms[stage], round(stages_ms[stage] / longest * 100)
        )
        for stage in (*known, *others)
    ]


def stage_name(stage: str) -> str:
    return STAGE_NAMES.get(stage, stage.replace("_", " ").capitalize())
