"""The models and languages for which the short window is proven equally accurate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stt_app.core.languages import LANGUAGES

TABLE = Path(__file__).with_name("window_table.json")
"""Written by `python -m benchmarks window`."""

LONGEST_SECONDS = 24.0
"""Beyond this a short window saves too little."""

TOLERATED_POINTS = 0.3
"""The allowed loss in word error rate, in percentage points."""


OTHERS = "others"
"""The row of all measured languages but English, taken together."""

LEAST_WORDS = 300
"""A row of fewer reference words proves nothing: one word is a third of a point."""


@dataclass(frozen=True)
class WindowRow:
    """The measured word error rates for one model and language, in percent."""

    model: str
    language: str
    full_error_rate: float
    short_error_rate: float
    words: int

    @property
    def proven(self) -> bool:
        """Whether it shows that the short window is within the tolerance."""
        lost = round(self.short_error_rate - self.full_error_rate, 2)
        return self.words >= LEAST_WORDS and lost <= TOLERATED_POINTS


def read_table(path: Path = TABLE) -> list[WindowRow]:
    """Every row of the table."""
    return [WindowRow(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def short_languages(window: str, model: str, device: str) -> frozenset[str]:
    """The languages for which this model gets a short window.

    `window` is the setting: `short` is for all, `full` for none, and `auto` for
    those that the table proves: alone if there are enough words, else together. It was measured on CPUs, and only they need it.
    """
    if window == "short":
        return LANGUAGES
    if window == "full" or device != "cpu":
        return frozenset()
    name = model.removeprefix("faster-whisper-")
    return proven_languages([row for row in read_table() if row.model == name])


def proven_languages(rows: Sequence[WindowRow]) -> frozenset[str]:
    """The languages for which the rows of one model allow the short window."""
    proven = {row.language for row in rows if row.proven}
    if OTHERS in proven:
        # Languages with too few recordings are judged together.
        alone = {row.language for row in rows if row.words >= LEAST_WORDS}
        proven |= LANGUAGES - alone
    return frozenset(proven - {OTHERS})
