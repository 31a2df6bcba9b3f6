"""A session keeps its language against doubt, and gives it up for clear evidence."""

from __future__ import annotations

import pytest

from stt_app.core.engine import Transcript
from stt_app.core.session.language_tracker import LanguageTracker


def heard(
    language: str, probability: float = 0.9, *, text: str = "Da.", sure: float = 0.7
) -> Transcript:
    return Transcript(text, language, probability, sure, "base")


@pytest.fixture
def russian() -> LanguageTracker:
    """The tracker of a session in which Russian was spoken."""
    tracker = LanguageTracker()
    tracker.believe(heard("ru"))
    return tracker


@pytest.mark.parametrize(
    ("probability", "seconds", "tried"),
    [(0.6, 1.0, "ru"), (0.85, 1.0, None), (0.6, 4.0, None), (0.4, 4.0, "ru")],
)
def test_a_new_language_must_be_the_clearer_the_less_was_said(
    russian: LanguageTracker, probability: float, seconds: float, tried: str | None
) -> None:
    assert russian.second_opinion(heard("en", probability), seconds) == tried


def test_a_language_that_comes_twice_in_a_row_is_believed(
    russian: LanguageTracker,
) -> None:
    assert russian.second_opinion(heard("en", 0.4), 1.0) == "ru"
    assert russian.second_opinion(heard("en", 0.4), 1.0) is None


def test_the_first_language_is_never_doubted() -> None:
    assert LanguageTracker().second_opinion(heard("en", 0.2), 1.0) is None


@pytest.mark.parametrize(
    ("sure", "usually", "chosen"), [(0.8, 0.5, "en"), (0.7, 0.68, "ru")]
)
def test_the_text_decides_when_one_language_fits_clearly_better(
    russian: LanguageTracker, sure: float, usually: float, chosen: str
) -> None:
    found = heard("en", 0.6, sure=sure)
    assert russian.choose(found, heard("ru", sure=usually)).language == chosen


def test_a_text_in_either_language_is_better_than_none(
    russian: LanguageTracker,
) -> None:
    nothing = heard("en", text="", sure=0.0)
    assert russian.choose(heard("en", sure=0.1), heard("ru", text="")).language == "en"
    assert russian.choose(nothing, heard("ru", sure=0.1)).language == "ru"
