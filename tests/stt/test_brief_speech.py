"""A text that is too long for what was said is made up."""

from __future__ import annotations

import pytest

from stt_app.core.brief_speech import can_be_said


@pytest.mark.parametrize(
    ("text", "seconds", "possible"),
    [
        ("No.", 0.13, True),
        ("Straight!", 0.3, True),
        ("Thank you.", 0.32, True),
        ("Thanks for watching!", 0.32, False),
        ("Thank you.", 0.13, False),
        ("Thanks for watching!", 0.6, True),
        ("Thanks for watching!", None, True),
        ("", 0.1, True),
    ],
)
def test_a_text_must_fit_into_the_speech(
    text: str, seconds: float | None, possible: bool
) -> None:
    assert can_be_said(text, seconds) is possible
