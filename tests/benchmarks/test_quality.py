"""Words that partial texts take back or break are counted as a reader would."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.quality import Partial, prefix_distance, steadiness, utterances


def partials(*texts: tuple[str, str]) -> list[Partial]:
    return [Partial(text, stable) for text, stable in texts]


def test_it_counts_words_that_were_taken_back() -> None:
    found = steadiness(
        partials(("the cat", ""), ("The cut sat", "the"), ("the cat sat on", "the")),
        "The cat sat on it.",
    )
    # "cat" became "cut", and "cut sat" became "cat sat on".
    assert found.taken_back == 3
    assert (found.partials, found.shown, found.unsettled) == (3, 9, 7)
    assert (found.stable, found.broken) == (1, 0)


def test_it_counts_stable_words_that_the_final_has_otherwise() -> None:
    found = steadiness(partials(("a big dog", "a big dog")), "A pig dog ran.")
    assert (found.stable, found.broken, found.taken_back) == (3, 1, 2)


def test_it_bears_an_utterance_without_partials() -> None:
    found = steadiness([], "hello")
    assert (found.partials, found.stable, found.broken, found.taken_back) == (0,) * 4


@pytest.mark.parametrize(
    ("words", "text", "distance"),
    [
        ("", "a b", 0),
        ("a b", "a b c d", 0),
        ("a x", "a b c", 1),
        ("a a b", "a b c", 1),
        ("b c", "a b c", 1),
        ("a b", "", 2),
    ],
)
def test_it_measures_how_far_words_are_from_a_beginning(
    words: str, text: str, distance: int
) -> None:
    assert prefix_distance(words.split(), text.split()) == distance


def test_it_sorts_partials_by_utterance() -> None:
    events: list[dict[str, Any]] = [
        {"type": "ready"},
        {"type": "partial", "utterance_id": 1, "text": "a", "stable_text": ""},
        {"type": "transcript", "utterance_id": 1, "text": "a b"},
        {"type": "partial", "utterance_id": 2, "text": "c", "stable_text": "c"},
        {"type": "transcript", "utterance_id": 3, "text": "d"},
        {"type": "transcript", "text": "", "keep_open": False},
    ]
    assert utterances(events) == [([Partial("a", "")], "a b"), ([], "d")]
