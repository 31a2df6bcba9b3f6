"""What may not be in a text, and what may."""

from __future__ import annotations

import json

import pytest

from common.text_cleaning import clean_text


@pytest.mark.parametrize(
    ("escaped", "expected"),
    [
        ("nul \\u0000, half \\ud83d", "nul , half "),
        ("\\udf99\\ud83c the wrong way round", " the wrong way round"),
        ("a whole \\ud83c\\udf99", "a whole 🎙"),
        ("日本語\\u200d\\n", "日本語\u200d\n"),
    ],
)
def test_it_leaves_out_nul_and_half_characters(escaped: str, expected: str) -> None:
    assert clean_text(json.loads(f'"{escaped}"')) == expected
