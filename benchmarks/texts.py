"""Texts of known length, written for the benchmarks."""

from __future__ import annotations

_SENTENCES = (
    "The kettle had been humming for a while before anyone noticed that the kitchen was empty.",
    "On the table lay three letters, a ring of keys and a map of the northern coast.",
    "Somebody had drawn a thin red line from the harbour to a small island without a name.",
    "Rain began to fall, softly at first, and then with a patience that promised the whole night.",
    "When the clock struck seven, the door opened and a tall woman in a green coat came in.",
)


def text_of(words: int) -> str:
    """Sentences with exactly that many words, ending in a full stop."""
    pool = " ".join(_SENTENCES).split()
    chosen = [pool[index % len(pool)] for index in range(words)]
    return " ".join(chosen).rstrip(".,") + "."
