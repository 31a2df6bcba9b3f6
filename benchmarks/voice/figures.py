"""The tables of `voice_to_voice`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import table
from benchmarks.voice.bare import BareStages
from benchmarks.voice.turn import Turn

STAGES = (
    *("transcribed", "rated", "endpoint", "committed"),
    *("llm_first_token", "first_audio", "first_sent"),
)
MOST_APART_MS = 30.0
"""How far the server's stages may be from the client's figure."""
HEADER = ["what", "number", "p50", "p90", "p95", "most"]


def summary(title: str, turns: Sequence[Turn], bare: Sequence[BareStages]) -> str:
    """Voice to voice, cold and warm, beside the bare stages, and how often it failed."""
    answered = [each for each in turns if each.is_answered]
    whole = [each.voice_to_voice_ms for each in answered]
    first = [each for each in answered if each.position == 0]
    later = [each for each in answered if each.position > 0]
    stages = [each.total_ms for each in bare]
    rows = [
        row("voice to voice", whole),
        row("first turns of a conversation", _times(first)),
        row("later turns", _times(later)),
        row("all, from 40 dB below the peak", _from_sound(answered)),
        *(row(name, times) for name, times in _bare_rows(bare)),
    ]
    told = [
        f"Unanswered: {len(turns) - len(answered)} of {len(turns)}.",
        f"False cut-ins: {sum(each.cut_ins > 0 for each in turns)} of {len(turns)}.",
    ]
    if whole and stages:
        ratio = np.median(np.array(whole, float)) / np.median(stages)
        told.append(f"Median beside the bare stages: {ratio:.2f}.")
    return f"{table(title, HEADER, rows)}\n{' '.join(told)}\n"


def _bare_rows(
    bare: Sequence[BareStages],
) -> list[tuple[str, list[float]]]:
    if not bare:
        return []
    return [
        ("bare stages, in turn", [each.total_ms for each in bare]),
        ("- Whisper", [each.whisper_ms for each in bare]),
        ("- llama.cpp to the first clause", [each.clause_ms for each in bare]),
        ("- Piper on that clause", [each.piper_ms for each in bare]),
    ]


def stage_table(turns: Sequence[Turn]) -> str:
    """The server's marks, from the end of speech as the server heard it, and how they
    add up to the client's figure."""
    rows = [row("server's end of speech, after the acoustic one", _offsets(turns))]
    for stage in STAGES:
        reached = [each.stages_ms[stage] for each in turns if stage in each.stages_ms]
        rows.append(row(stage, reached))
    rows.append(row("silence at the start of the audio", _leading(turns)))
    apart = [abs(each) for each in differences_ms(turns)]
    rows.append(row("client's figure less all of these and its buffer", apart))
    close = sum(each <= MOST_APART_MS for each in apart)
    told = f"Within {MOST_APART_MS:g} ms: {close} of {len(apart)}.\n"
    return f"{table('Stages, by the server', HEADER, rows)}\n{told}"


def differences_ms(turns: Iterable[Turn]) -> list[float]:
    """The client's figure less what the server's marks say, of each answered turn."""
    return [
        each.voice_to_voice_ms - each.told_ms
        for each in turns
        if each.voice_to_voice_ms is not None and each.told_ms is not None
    ]


def write_csv(path: Path, turns: Sequence[Turn], bare: dict[str, BareStages]) -> None:
    """One row for each turn, with the bare stages of the same recording."""
    columns: dict[str, Callable[[Turn], object]] = {
        "recording": lambda turn: turn.name,
        "conversation": lambda turn: turn.conversation,
        "position": lambda turn: turn.position,
        "voice_to_voice_ms": lambda turn: _rounded(turn.voice_to_voice_ms),
        "from_end_of_sound_ms": lambda turn: _rounded(turn.from_end_of_sound_ms),
        "cut_ins": lambda turn: turn.cut_ins,
        "vad_offset_ms": lambda turn: _rounded(turn.vad_offset_ms),
        **{stage: _stage_of(stage) for stage in STAGES},
        "leading_ms": lambda turn: _rounded(turn.leading_ms),
        "told_ms": lambda turn: _rounded(turn.told_ms),
        "bare_ms": lambda turn: _rounded(_total(bare.get(turn.name))),
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([value(turn) for value in columns.values()] for turn in turns)


def _stage_of(stage: str) -> Callable[[Turn], object]:
    return lambda turn: turn.stages_ms.get(stage, "")


def _total(bare: BareStages | None) -> float | None:
    return bare.total_ms if bare else None


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 1)


def _times(turns: Sequence[Turn]) -> list[float | None]:
    return [each.voice_to_voice_ms for each in turns]


def _from_sound(turns: Sequence[Turn]) -> list[float | None]:
    return [each.from_end_of_sound_ms for each in turns]


def _offsets(turns: Sequence[Turn]) -> list[float | None]:
    return [each.vad_offset_ms for each in turns]


def _leading(turns: Sequence[Turn]) -> list[float | None]:
    return [each.leading_ms for each in turns]


def row(name: str, values: Sequence[float | None]) -> list[str]:
    """The cells of HEADER for times in milliseconds; None is left out."""
    known = [each for each in values if each is not None]
    if not known:
        return [name, "0", "", "", "", ""]
    cuts = np.percentile(known, [50, 90, 95, 100])
    return [name, str(len(known)), *(f"{each:.0f} ms" for each in cuts)]
