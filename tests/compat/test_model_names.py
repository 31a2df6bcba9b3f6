"""Names of models that clients hard-code."""

from __future__ import annotations

import pytest

from common.config.compat import OpenaiApiSettings
from compat_app.model_names import KNOWN_ALIASES, UnknownModel, engine_model

OFFERS = ("base", "large-v3")


@pytest.mark.parametrize("given", ["", "whisper-1", "no-such-model", "base2"])
def test_a_foreign_name_means_the_default_model(given):
    assert engine_model(given, OFFERS, OpenaiApiSettings()) == ""


def test_an_engines_own_name_is_that_model():
    assert engine_model("large-v3", OFFERS, OpenaiApiSettings()) == "large-v3"


def test_a_configured_alias_names_a_model():
    settings = OpenaiApiSettings(model_aliases={"whisper-1": "large-v3"})
    assert engine_model("whisper-1", OFFERS, settings) == "large-v3"


def test_strict_names_refuse_what_nobody_knows():
    settings = OpenaiApiSettings(strict_model_names=True)
    assert {engine_model(name, OFFERS, settings) for name in KNOWN_ALIASES} == {""}
    with pytest.raises(UnknownModel, match="Known: `base`, `large-v3`") as caught:
        engine_model("no-such-model", OFFERS, settings)
    assert caught.value.field == "model"
