"""Words that leave a sentence open."""

from __future__ import annotations

import pytest

from stt_app.core.turns.hanging import HANGING_WORDS, hangs
from stt_app.core.turns.pauses import SemanticPauses


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I would like tea and", "en"),
        ("I would like tea and,", "en"),
        ("Well, um", "en"),
        ("So then he said...", "en"),
        ("Dann nehme ich noch eine", "de"),
        ("Je voudrais un café et", "fr"),
        ("Tea, milk,", "xx"),
        ("AND", "en-GB"),
    ],
)
def test_it_hangs(text: str, language: str) -> None:
    assert hangs(text, language)


@pytest.mark.parametrize("language", HANGING_WORDS)
def test_it_finds_each_of_its_words(language: str) -> None:
    missed = [each for each in HANGING_WORDS[language] if not hangs(each, language)]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Turn the light on.", "en"),
        ("What is it for?", "en"),
        ("I said and.", "en"),
        ("", "en"),
        ("42", "en"),
        ("tea and", "xx"),
        ("Mach das Licht an", "de"),
    ],
)
def test_it_does_not(text: str, language: str) -> None:
    assert not hangs(text, language)


def test_a_maximum_below_the_minimum_wins() -> None:
    pauses = SemanticPauses(0.5, 0.3)
    lengths = {pauses.seconds(p, hangs=False) for p in (0.0, 0.3, 0.9)}
    assert lengths == {0.3}
