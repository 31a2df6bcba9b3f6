"""Which languages a model understands."""

from __future__ import annotations

from typing import Any

import pytest

from stt_app.core.languages import LANGUAGES, languages_of


@pytest.mark.parametrize(
    ("model", "facts", "english_only"),
    [
        ("base", {"multilingual": True}, False),
        ("base", {}, False),
        ("tiny.en", {"multilingual": False}, True),
        ("tiny.en", {}, True),
        ("my-own-folder", {"multilingual": False}, True),
    ],
)
def test_it_knows_models_that_understand_english_only(
    model: str, facts: dict[str, Any], english_only: bool
) -> None:
    expected = ["en"] if english_only else sorted(LANGUAGES)
    assert languages_of(model, facts) == expected
