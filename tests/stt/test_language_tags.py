"""Languages as clients name them."""

from __future__ import annotations

import pytest

from compat_app.openai.transcriptions.languages import language_name
from stt_app.core.language_tags import find_language
from stt_app.core.languages import AUTO, LANGUAGES


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("zh-Hant-TW", "zh"),
        ("zh-HK", "yue"),
        ("yue", "yue"),
        ("nb-NO", "no"),
        ("iw", "he"),
        ("English", "en"),
        (" german ", "de"),
        ("haitian creole", "ht"),
        ("", AUTO),
        ("auto", AUTO),
        ("multi", AUTO),
    ],
)
def test_a_language_has_many_names(given: str, code: str) -> None:
    assert find_language(given) == code


@pytest.mark.parametrize("given", ["klingon", "xx", "x" * 5_000, "en/us", "1", "é"])
def test_an_unknown_one_is_not_found(given: str) -> None:
    assert find_language(given) is None


def test_each_language_is_found_by_its_own_name() -> None:
    for code in LANGUAGES:
        assert find_language(language_name(code)) == code
    assert language_name("tlh") == "tlh"
