"""Word error rate after Whisper's text normaliser, and recordings to measure it on."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jiwer
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

_ENGLISH = EnglishTextNormalizer()
_WORDS = BasicTextNormalizer()
_CHARACTERS = BasicTextNormalizer(split_letters=True)
_WITHOUT_SPACES = {"zh", "ja", "ko"}


@dataclass(frozen=True)
class Recording:
    """A recording with its reference text; without speech the text is empty."""

    path: Path
    seconds: float
    language: str
    kind: str
    reference: str


def recordings() -> list[Recording]:
    """The recordings in the folder that SPEECH_CORPUS names; none when it is unset."""
    folder = os.environ.get("SPEECH_CORPUS")
    if not folder:
        return []
    with (Path(folder) / "manifest.tsv").open(encoding="utf-8") as manifest:
        rows = csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Recording(
                Path(folder) / row["file"],
                float(row["seconds"]),
                row["language"],
                row["kind"],
                row["reference"],
            )
            for row in rows
        ]


def normalize(text: str, language: str = "en") -> str:
    """The text as it is compared: lower case, no punctuation, numbers as digits."""
    if language == "en":
        return " ".join(_ENGLISH(text).split())
    spaceless = language in _WITHOUT_SPACES
    return " ".join((_CHARACTERS if spaceless else _WORDS)(text).split())


def count_errors(
    pairs: Iterable[tuple[str, str]], language: str = "en"
) -> tuple[int, int]:
    """Errors and reference words of (reference, heard) pairs taken together."""
    errors = words = 0
    for reference, heard in pairs:
        expected, got = normalize(reference, language), normalize(heard, language)
        found = jiwer.process_words(expected, got)
        errors += found.substitutions + found.deletions + found.insertions
        words += len(expected.split())
    return errors, words


def word_error_rate(pairs: Iterable[tuple[str, str]], language: str = "en") -> float:
    """Errors over reference words, of (reference, heard) pairs taken together."""
    errors, words = count_errors(pairs, language)
    return errors / words


def _only_words(text: str) -> str:
    """Whisper ends a text that was cut with dots, which the normaliser keeps."""
    return " ".join(
        word for word in normalize(text).split() if any(map(str.isalnum, word))
    )


def words_apart(kept: str, heard: str) -> tuple[int, int]:
    """Words heard that were not kept, and words kept that were not heard.

    A word in place of another one counts as neither: it was heard otherwise.
    """
    expected, got = _only_words(kept), _only_words(heard)
    if not expected or not got:
        return len(got.split()), len(expected.split())
    found = jiwer.process_words(expected, got)
    return found.insertions, found.deletions
