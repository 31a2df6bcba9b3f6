"""How English text is read for speech: sentences and words that are right, and the cost.

A table of sentences holds the words that are wanted; case, punctuation and separators
of thousands do not count. The cost is that of the whole reading of a text, from
characters to clauses, and of the writing out alone. Nothing is synthesized.
"""

from __future__ import annotations

import csv
import re
import time
from collections import defaultdict
from collections.abc import Callable

import jiwer

from benchmarks.report import ROOT, table
from benchmarks.texts import text_of
from tts_app.core.text.clauses import SpeechText
from tts_app.core.text.english.normalizer import expand_english

TABLE = ROOT / "tests" / "data" / "spoken_sentences.tsv"
ROUNDS = 30
PLAIN_WORDS = 180
"""About a thousand characters."""
SAME = {"&": " and ", "%": " percent ", "=": " equals ", "+": " plus ", "@": " at "}
"""Signs that voices read as these words."""
_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3})")
_HALF_OF_DAY = re.compile(r"\b([ap])\.? ?m\b\.?", re.IGNORECASE)


def run() -> str:
    """The share that is right by kind, then milliseconds per 1,000 characters."""
    return f"{_right()}\n{_cost()}"


def said(text: str) -> str:
    """The clauses of a text, one behind the other."""
    speech = SpeechText("en")
    return " ".join([*speech.push(text), *speech.finish()])


def _right() -> str:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for kind, text, spoken in _sentences():
        wanted, found = _words(spoken), _words(said(text))
        edits = jiwer.process_words(wanted, found)
        wrong = edits.substitutions + edits.deletions + edits.insertions
        added = (1, int(wanted == found), len(wanted.split()), wrong)
        counts[kind] = [a + b for a, b in zip(counts[kind], added, strict=True)]
    counts["all"] = [sum(column) for column in zip(*counts.values(), strict=True)]
    rows = [
        [kind, f"{right} of {sentences}", f"{wrong} of {words}"]
        for kind, (sentences, right, words, wrong) in counts.items()
    ]
    title = "English sentences read as wanted"
    return table(title, ["kind", "sentences right", "words wrong"], rows)


def _cost() -> str:
    dense = " ".join(text.replace("\n", " ") for _, text, _ in _sentences())
    rows = []
    for name, text in (
        ("ordinary text", text_of(PLAIN_WORDS)),
        ("the table above, where every sentence has something to write out", dense),
    ):
        clauses = re.split(r"(?<=[.?!]) ", text)
        alone = _milliseconds(lambda parts=clauses: [*map(expand_english, parts)])  # type: ignore[misc]
        whole = _milliseconds(lambda text=text: [said(text)])  # type: ignore[misc]
        scale = 1_000 / len(text)
        rows.append([name, f"{alone * scale:.2f}", f"{whole * scale:.2f}"])
    title = "Milliseconds of one CPU per 1,000 characters, the best of several runs"
    return table(title, ["text", "writing out", "whole reading"], rows)


def _milliseconds(work: Callable[[], list[str]]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return 1_000 * best


def _sentences() -> list[tuple[str, str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            (
                row["kind"],
                row["text"].replace("\\n", "\n")
                if row["kind"] == "lines"
                else row["text"],
                row["spoken"],
            )
            for row in rows
        ]


def _words(text: str) -> str:
    text = _HALF_OF_DAY.sub(r"\1m", _SEPARATOR.sub("", text))
    for sign, word in SAME.items():
        text = text.replace(sign, word)
    return re.sub(r"[^\w']+", " ", text.lower()).strip()
