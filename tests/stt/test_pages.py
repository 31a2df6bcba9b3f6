"""The Listen page says why a model cannot translate."""

from __future__ import annotations

from typing import Any

import pytest

from common.engine import PartHealth, PartState
from stt_app.pages import only_english, why_no_translation
from tests.fakes import FakeStt


class NamedStt(FakeStt):
    """A model with this name, which tells these details once it is loaded."""

    def __init__(self, name: str, details: dict[str, Any]) -> None:
        super().__init__()
        self.model_name = name
        self._details = details

    def health(self) -> PartHealth:
        return PartHealth(PartState.READY, "fake, ready", self._details)


ENGLISH = "The model {} knows only English."
UNTRAINED = "The model {} was not trained to translate."


@pytest.mark.parametrize(
    ("name", "details", "reason"),
    [
        ("base", {"multilingual": True}, ""),
        ("own-model", {}, ""),
        ("tiny.en", {}, ENGLISH),
        ("tiny.en", {"multilingual": False}, ENGLISH),
        ("converted", {"multilingual": False}, ENGLISH),
        ("odd.en", {"multilingual": True}, ""),
        ("large-v3-turbo", {"multilingual": True}, UNTRAINED),
    ],
)
def test_it_knows_which_model_translates(
    name: str, details: dict[str, Any], reason: str
) -> None:
    engine = NamedStt(name, details)
    assert why_no_translation(engine) == reason.format(name)
    assert only_english(engine) == (reason == ENGLISH)
