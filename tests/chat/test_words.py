"""Backchannels, stop-words, hanging words and echo."""

from __future__ import annotations

from functools import partial

import pytest

from chat_app.core import words
from chat_app.core.words import LANGUAGES, is_echo, same_words, words_of
from stt_app.core.turns.hanging import hangs

turn_words = partial(words.turn_words, hangs=hangs)
SPOKEN = words_of("Paris is the capital of France, and it lies on the Seine.")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Uh-huh."),
        ("en", "Yeah, okay."),
        ("en", "I see."),
        ("de", "Ja, ja."),
        ("de-AT", "Ach so!"),
        ("en", "Mmm."),
        ("en", "All right."),
        ("fr", "D’accord"),
        ("es", "Sí, claro."),
        ("it", "Va bene"),
        ("pt", "tá"),
        ("nl", "snap ik"),
    ],
)
def test_it_knows_who_only_listens(language: str, text: str) -> None:
    assert turn_words(language).only_backchannels(text)


@pytest.mark.parametrize(
    "text", ["", "yeah but why", "ok ok ok ok ok", "stop", "okay stop"]
)
def test_it_knows_who_wants_the_turn(text: str) -> None:
    assert not turn_words("en").only_backchannels(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_words_have_one_meaning(language: str) -> None:
    known = LANGUAGES[language]
    assert not known.backchannels & known.stops
    everything = [*known.backchannels, *known.stops, *known.fillers]
    # "uh-huh" is one word to it, so each entry must come back as it stands.
    assert [each for each in everything if " ".join(words_of(each)) != each] == []


@pytest.mark.parametrize(
    "text", ["I would like a", "well, and", "I think…", "um", "Um."]
)
def test_it_knows_that_more_will_follow(text: str) -> None:
    assert turn_words("en").hangs(text)


@pytest.mark.parametrize(
    "text", ["", "...", "What is the time?", "Hello.", "Turn it on"]
)
def test_it_knows_what_can_be_the_end(text: str) -> None:
    assert not turn_words("en").hangs(text)


def test_it_takes_words_from_the_configuration() -> None:
    russian = turn_words("ru", ["Угу"], ["Стоп"])
    assert russian.only_backchannels("угу.")
    assert russian.is_stop("Стоп!")
    assert not russian.hangs("и")


def test_it_recognises_its_own_voice() -> None:
    assert is_echo("the capital of France", SPOKEN)
    assert is_echo("Paris is a capital of France.", SPOKEN)
    assert not is_echo("what about Germany", SPOKEN)
    assert not is_echo("the the the the", SPOKEN)
    assert not is_echo("", SPOKEN)
    assert not is_echo("Paris", ())


def test_it_compares_words_only() -> None:
    assert same_words("What time is it?", "what time, is it")
    assert not same_words("What time is it?", "what time was it")
