"""How steady interim results are, counted in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.word_errors import normalize


@dataclass(frozen=True)
class Partial:
    """One interim result, and the part of it that shall not change."""

    text: str
    stable_text: str


@dataclass(frozen=True)
class Steadiness:
    """Of one utterance."""

    partials: int
    taken_back: int
    """Words that a later text did not repeat at their place."""
    stable: int
    """Words promised not to change when the utterance ended."""
    broken: int
    """Stable words that differ in the final."""
    unsettled: int
    """Words not yet stable, over all interim results."""
    shown: int
    """Words, over all interim results."""


def steadiness(
    partials: Sequence[Partial], final: str, language: str = "en"
) -> Steadiness:
    """Compares the interim results of an utterance with each other and with its final."""
    texts = [_words(each.text, language) for each in partials]
    stable = [_words(each.stable_text, language) for each in partials]
    end = _words(final, language)
    last_stable = stable[-1] if stable else []
    shown = sum(map(len, texts))
    return Steadiness(
        len(partials),
        sum(_taken_back(*pair) for pair in pairwise([*texts, end])),
        len(last_stable),
        prefix_distance(last_stable, end),
        shown - sum(map(len, stable)),
        shown,
    )


def utterances(events: Iterable[dict[str, Any]]) -> list[tuple[list[Partial], str]]:
    """The interim results and the final of each utterance that got a text."""
    partials: dict[int, list[Partial]] = {}
    found = []
    for event in events:
        if event["type"] == "partial":
            partial = Partial(event["text"], event["stable_text"])
            partials.setdefault(event["utterance_id"], []).append(partial)
        elif event["type"] == "transcript" and event["text"]:
            found.append((partials.get(event["utterance_id"], []), event["text"]))
    return found


def prefix_distance(words: Sequence[str], text: Sequence[str]) -> int:
    """Fewest edits that make `words` a beginning of `text`."""
    row = list(range(len(text) + 1))
    for number, word in enumerate(words, 1):
        above, row = row, [number]
        for column, other in enumerate(text, 1):
            changed = above[column - 1] + (word != other)
            row.append(min(changed, above[column] + 1, row[-1] + 1))
    return min(row)


def _taken_back(earlier: Sequence[str], later: Sequence[str]) -> int:
    kept = 0
    for one, other in zip(earlier, later, strict=False):
        if one != other:
            break
        kept += 1
    return len(earlier) - kept


def _words(text: str, language: str) -> list[str]:
    return normalize(text, language).split()
