"""Abbreviations, initials, symbols and letters; and text that stays as it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.sentences import SENTENCES
from tests.tts.text.english.writing import check
from tts_app.core.text.clauses import SpeechText
from tts_app.core.text.english.normalizer import expand_english
from tts_app.core.text.scripts import without_foreign

NAMES = ("Tolkien", "Kirk", "Lewis", "Rowling", "Smith", "Wells")
TITLES = {
    "Dr.": "Doctor",
    "Mr.": "Mister",
    "Mrs.": "Missus",
    "Prof.": "Professor",
    "St.": "Saint",
    "Gov.": "Governor",
    "Sgt.": "Sergeant",
}
letters = st.sampled_from("BCDEFGHJKLMNPRSTW")
names = st.sampled_from(NAMES)


def clauses(text: str) -> list[str]:
    speech = SpeechText("en")
    return [*speech.push(text), *speech.finish()]


@given(
    initials=st.lists(letters, min_size=1, max_size=3), name=names, space=st.booleans()
)
def test_initials_end_no_sentence(initials, name, space) -> None:
    gap = " " if space else ""
    written = gap.join(f"{letter}." for letter in initials)
    said = " ".join(initials)
    assert clauses(f"Ask {written} {name} about it.") == [
        f"Ask {said} {name} about it."
    ]
    assert clauses(f"By Mary {written} {name}.") == [f"By Mary {said} {name}."]


@given(title=st.sampled_from(sorted(TITLES)), name=names)
def test_titles_end_no_sentence(title, name) -> None:
    found = clauses(f"We saw {title} {name} there. It was late.")
    assert found == [f"We saw {TITLES[title]} {name} there.", "It was late."]


@given(letter=letters, starter=st.sampled_from(["Then", "It", "We", "The", "But"]))
def test_a_letter_can_end_a_sentence(letter, starter) -> None:
    found = clauses(f"We chose plan {letter}. {starter} rain came.")
    assert found == [f"We chose plan {letter}.", f"{starter} rain came."]


@given(
    short=st.sampled_from(["approx.", "incl.", "e.g.", "i.e.", "vs.", "cf.", "esp."]),
    word=st.sampled_from(["apples", "Apples", "5 apples"]),
)
def test_abbreviations_end_no_sentence(short, word) -> None:
    assert len(clauses(f"We want fruit {short} {word} now.")) == 1


@pytest.mark.parametrize("text", SENTENCES)
def test_ordinary_sentences_stay(text) -> None:
    assert expand_english(text) == text


WORDS = sorted({word for text in SENTENCES for word in text.rstrip(".?!").split()})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=20))
def test_ordinary_words_stay_in_any_order(words) -> None:
    text = " ".join(words)
    assert expand_english(text) == text


ANY = st.text(
    st.one_of(
        st.sampled_from(list("$€£%°½²π0123456789.,:-–/*^<>=+~#&@()'\" IVXamps")),
        st.characters(categories=["L", "N", "P", "S", "Zs"]),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(ANY)
def test_it_reads_anything_and_loses_no_ordinary_letter(text) -> None:
    said = expand_english(text)
    assert said == said.strip()
    assert not set(said) & set("$€£%=<>^*~")


@settings(max_examples=200, deadline=None)
@given(ANY, st.sampled_from(["We said so", "It rained all day"]))
def test_what_stands_around_it_stays(text, frame) -> None:
    said = expand_english(f"{frame}; {text}; {frame.lower()}")
    assert said.startswith(frame)
    assert said.endswith(frame.lower())


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Tokyo (東京) is big.", "Tokyo is big."),
        ("en", "α and Ωmega", "α and Ωmega"),
        ("de", "Das heißt „привет“ auf Russisch.", "Das heißt auf Russisch."),
        ("ru", "Слово hello и 東京.", "Слово hello и."),
        ("zh", "我爱 Python 和 мир。", "我爱 Python 和。"),
        ("xx", "Привет 東京", "Привет 東京"),
        ("ja", "東京タワー", "東京タワー"),
    ],
)
def test_letters_of_other_scripts_are_left_out(language, text, expected) -> None:
    assert without_foreign(text, language) == expected


def test_lines_of_a_list_are_short_pauses_and_wrapped_prose_is_not() -> None:
    assert clauses("We need:\nApples\nPears") == ["We need: Apples,", "Pears"]
    wrapped = "The letter that he had written to his brother in the\nspring was lost."
    assert clauses(wrapped) == [wrapped.replace("\n", " ")]


def test_pieces_of_a_stream_change_nothing() -> None:
    text = "It costs $1.5 million, i.e. 3 x 5 km of J. R. R. Tolkien's 7 - 2."
    speech = SpeechText("en")
    found = [clause for character in text for clause in speech.push(character)]
    assert [*found, *speech.finish()] == clauses(text)


def test_it_names_the_letter_a() -> None:
    check("Vitamin A helps", "Vitamin A- helps", "Now {} us.")
    check("Plan A", "Plan A")


@pytest.mark.parametrize("piece", ["1-", "$", "1 - ", "<5 ", "in 1999 ", "Dr. ", "I "])
def test_the_work_grows_with_the_text_and_no_faster(piece) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        expand_english(text)
        return time.process_time() - began

    # Twice the text may cost twice as much; the square would be sixteen times.
    once = min(seconds(4_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 10 * once + 0.01
