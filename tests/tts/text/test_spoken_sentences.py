"""A table of written sentences and the words that are spoken for them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tts_app.core.text.clauses import SpeechText

TABLE = Path(__file__).parents[2] / "data" / "spoken_sentences.tsv"


def rows() -> list[tuple[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(_unescaped(row), row["spoken"]) for row in table]


def _unescaped(row: dict[str, str]) -> str:
    is_lines = row["kind"] == "lines"
    return row["text"].replace("\\n", "\n") if is_lines else row["text"]


def said(text: str) -> str:
    speech = SpeechText("en")
    return " ".join([*speech.push(text), *speech.finish()])


@pytest.mark.parametrize(("text", "spoken"), rows())
def test_it_says_what_the_table_wants(text: str, spoken: str) -> None:
    assert said(text) == spoken


@pytest.mark.parametrize(("text", "spoken"), rows())
def test_no_sign_is_left_for_the_voice_to_name(text: str, spoken: str) -> None:
    assert not set(said(text)) & set("$€£¥₹%<>=+*^~|\\_#±×÷√²³½°µπ★→")
