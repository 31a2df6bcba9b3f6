"""Text of any characters is cleaned, normalised and cut into clauses, and never fails."""

from __future__ import annotations

import itertools

from hypothesis import given, strategies as st

from common.errors import BadValue
from common.text_cleaning import clean_text
from tests.fuzz.profiles import examples
from tests.fuzz.strategies import ANY_TEXT
from tts_app.core.text.clauses import Clause, SpeechText
from tts_app.core.text.english.normalizer import expand_english
from tts_app.core.text.language_detection import language_of
from tts_app.core.text.other_languages import expand_other
from tts_app.core.text.readers import Input, make_reader

LANGUAGES = ("en", "de", "fr", "es", "it", "pl", "ru", "zh", "ar", "xx")
MARKS = st.text(
    "0123456789 .,:;!?-–/%$€£¥§#*_`~[](){}<>|\\'\"&@=+^°½²\n\tabXVI"
    "äß漢ق\u200d\u0301\u202e\ufeff\ud83d\udf99\0\x1b😀",
    max_size=80,
)
TEXTS = st.one_of(MARKS, MARKS, ANY_TEXT, st.text(max_size=200))


def sayable(text: str) -> None:
    """A phonemizer takes it: UTF-8, and no NUL."""
    assert "\0" not in text
    text.encode()


@examples(150)
@given(TEXTS)
def test_cleaned_text_can_be_stored_and_said(text: str) -> None:
    cleaned = clean_text(text)
    sayable(cleaned)
    assert clean_text(cleaned) == cleaned


@examples(250)
@given(TEXTS, st.sampled_from(LANGUAGES))
def test_it_normalises_any_text(text: str, language: str) -> None:
    cleaned = clean_text(text)
    sayable(expand_english(cleaned))
    sayable(expand_other(language, cleaned))
    assert language_of(cleaned, LANGUAGES, "en") in LANGUAGES


@examples(200)
@given(TEXTS, st.sampled_from(LANGUAGES), st.lists(st.integers(0, 200), max_size=5))
def test_it_cuts_any_text_and_for_any_split_alike(
    text: str, language: str, cuts: list[int]
) -> None:
    text = clean_text(text)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    speech = SpeechText(language)
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    streamed = [clause for piece in pieces for clause in speech.push(piece)]
    streamed += speech.finish()
    whole = SpeechText(language)
    assert streamed == [*whole.push(text), *whole.finish()]
    for clause in streamed:
        sayable(clause)
        assert len(clause) <= 1_000


@examples(150)
@given(TEXTS, st.sampled_from(["text", "ssml", "phonemes"]), st.booleans())
def test_every_kind_of_input_is_read_or_refused(
    text: str, kind: Input, wrapped: bool
) -> None:
    text = clean_text(text)
    reader = make_reader(kind, "en_US")
    given = f"<speak>{text}</speak>" if wrapped and kind == "ssml" else text
    try:
        lines = [*reader.iterate(given), *reader.finish()]
    except BadValue:
        return
    for line in lines:
        if isinstance(line, Clause):
            sayable(line.text)
