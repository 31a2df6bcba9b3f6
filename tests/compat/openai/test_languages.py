"""Languages as clients name them."""

from __future__ import annotations

import pytest

from common.errors import BadValue
from compat_app.openai.transcriptions.languages import language_code, language_name
from stt_app.core.languages import AUTO, LANGUAGES


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("zh-Hant-TW", "zh"),
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
    assert language_code(given) == code


@pytest.mark.parametrize("given", ["klingon", "xx", "x" * 5_000, "en/us", "1"])
def test_an_unknown_one_is_refused(given: str) -> None:
    with pytest.raises(BadValue) as refused:
        language_code(given, "languages")
    assert refused.value.field == "languages"
    assert len(refused.value.message) < 100


def test_each_language_is_found_by_its_own_name() -> None:
    for code in LANGUAGES:
        assert language_code(language_name(code)) == code
    assert language_name("tlh") == "tlh"
