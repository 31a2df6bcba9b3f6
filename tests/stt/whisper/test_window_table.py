"""The short window is taken where a measurement allows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stt_app.core.languages import LANGUAGES
from stt_app.core.whisper.window_table import (
    LEAST_WORDS,
    OTHERS,
    WindowRow,
    proven_languages,
    read_table,
    short_languages,
)

GOOD = WindowRow("base", "en", 3.0, 3.3, LEAST_WORDS)


@pytest.mark.parametrize(
    ("changes", "proven"),
    [
        ({}, True),
        ({"short_error_rate": 2.0}, True),
        ({"short_error_rate": 3.31}, False),
        ({"words": LEAST_WORDS - 1}, False),
    ],
)
def test_a_row_proves_or_not(changes: dict[str, float], proven: bool) -> None:
    assert replace(GOOD, **changes).proven is proven  # type: ignore[arg-type]


def test_languages_with_few_words_are_judged_together() -> None:
    rows = [
        GOOD,
        WindowRow("base", "ru", 16.0, 27.0, 18),
        WindowRow("base", "de", 5.0, 9.0, LEAST_WORDS),
    ]
    assert proven_languages(rows) == {"en"}
    worse = WindowRow("base", OTHERS, 20.0, 21.0, LEAST_WORDS)
    assert proven_languages([*rows, worse]) == {"en"}
    together = replace(worse, short_error_rate=19.0)
    assert proven_languages([*rows, together]) == LANGUAGES - {"de"}


def test_the_setting_decides_and_auto_asks_the_table() -> None:
    assert short_languages("short", "any", "cuda") == LANGUAGES
    assert short_languages("full", "tiny.en", "cpu") == frozenset()
    assert short_languages("auto", "unheard-of", "cpu") == frozenset()
    assert short_languages("auto", "tiny.en", "cuda") == frozenset()


def test_the_kept_table_speaks_of_the_models_that_come_along() -> None:
    assert {row.model for row in read_table()} >= {"tiny.en", "base"}
    for name in ("tiny.en", "faster-whisper-tiny.en"):
        assert short_languages("auto", name, "cpu") == {"en"}
