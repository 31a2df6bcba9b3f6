"""Amounts of money, written in every way, are read with their value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from tests.tts.text.english.writing import check, decimals, frames, grouped
from tts_app.core.text.english.normalizer import expand_english

BEFORE = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "US$": ("US dollar", "US dollars", "cent", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "R$": ("real", "reais", "centavo", "centavos"),
    "CHF ": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "GBP ": ("British pound", "British pounds", "penny", "pence"),
}
WHOLE_ONLY = {"¥": "yen", "₩": "won", "฿": "baht"}
SCALES = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "mn": "million",
    "bn": "billion",
    "B": "billion",
    "T": "trillion",
    " million": "million",
    " billion": "billion",
    "-million": "million",
}
NOUNS = ("bill", "loan", "flat", "ticket", "house", "fine")

signs = st.sampled_from(sorted(BEFORE))
wholes = st.integers(0, 2_000_000)
writers = st.sampled_from([str, grouped])


def in_words(sign: str, whole: int, parts: int) -> str:
    one, many, part, part_many = BEFORE[sign]
    said = f"{whole} {one if whole == 1 else many}"
    if not parts:
        return said
    small = f"{parts} {part if parts == 1 else part_many}"
    return f"{said} and {small}" if whole else small


@given(sign=signs, whole=wholes, parts=st.integers(0, 99), write=writers, frame=frames)
def test_it_reads_whole_units_and_hundredths(sign, whole, parts, write, frame) -> None:
    check(f"{sign}{write(whole)}.{parts:02}", in_words(sign, whole, parts), frame)


@given(sign=signs, whole=wholes, write=writers, frame=frames)
def test_it_reads_whole_amounts(sign, whole, write, frame) -> None:
    check(f"{sign}{write(whole)}", in_words(sign, whole, 0), frame)


@given(
    sign=signs,
    number=st.one_of(st.integers(1, 999).map(str), decimals(999)),
    scale=st.sampled_from(sorted(SCALES)),
    frame=frames,
)
def test_it_reads_scales(sign, number, scale, frame) -> None:
    spoken = f"{number} {SCALES[scale]} {BEFORE[sign][1]}"
    check(f"{sign}{number}{scale}", spoken, frame)


@given(sign=signs, whole=st.integers(2, 999), frame=frames)
def test_it_keeps_the_minus(sign, whole, frame) -> None:
    spoken = f"minus {in_words(sign, whole, 0)}"
    check(f"-{sign}{whole}", spoken, frame)
    check(f"{sign}-{whole}", spoken, frame)
    check(f"−{sign}{whole}", spoken, frame)


@given(
    sign=st.sampled_from(["$", "€", "£"]),
    low=st.integers(1, 99),
    high=st.integers(100, 999),
    scale=st.sampled_from(["", *sorted(SCALES)]),
    dash=st.sampled_from(["-", "–", " - ", " – "]),
    twice=st.booleans(),
    frame=frames,
)
def test_it_reads_ranges(sign, low, high, scale, dash, twice, frame) -> None:
    written = f"{sign}{low}{dash}{sign if twice else ''}{high}{scale}"
    spoken = " ".join([str(low), "to", str(high), SCALES.get(scale, "")]).rstrip()
    check(written, f"{spoken} {BEFORE[sign][1]}", frame)


@given(
    sign=signs,
    number=st.integers(2, 999),
    scale=st.sampled_from(["", *sorted(SCALES)]),
    noun=st.sampled_from(NOUNS),
)
def test_it_is_singular_before_a_noun(sign, number, scale, noun) -> None:
    spoken = f"{number} {SCALES.get(scale, '')} {BEFORE[sign][0]} {noun}"
    written = f"{sign}{number}{scale} {noun}"
    check(written, " ".join(spoken.split()), "It was a {}.")


@given(
    code=st.sampled_from(["USD", "EUR", "JPY", "€", "£", "₹"]),
    number=st.integers(2, 999_999),
    gap=st.sampled_from(["", " "]),
    frame=frames,
)
def test_it_reads_signs_and_codes_behind_the_amount(code, number, gap, frame) -> None:
    names = {
        "USD": "US dollars",
        "EUR": "euros",
        "JPY": "yen",
        "€": "euros",
        "£": "pounds",
        "₹": "rupees",
    }
    check(f"{number}{gap}{code}", f"{number} {names[code]}", frame)


@given(sign=st.sampled_from(sorted(WHOLE_ONLY)), number=wholes, frame=frames)
def test_it_reads_currencies_without_parts(sign, number, frame) -> None:
    check(f"{sign}{number}", f"{number} {WHOLE_ONLY[sign]}", frame)


@given(number=st.integers(2, 999), word=st.sampled_from(["month", "hour", "day", "kg"]))
def test_it_reads_rates(number, word) -> None:
    spoken = {"kg": "kilogram"}.get(word, word)
    check(f"${number}/{word}", f"{number} dollars per {spoken}")


@pytest.mark.parametrize(
    "text",
    ["A five-dollar bill.", "He paid ten euros.", "The pound fell.", "5 dollars"],
)
def test_it_leaves_words_alone(text) -> None:
    assert expand_english(text) == text


@settings(max_examples=300, deadline=None)
@given(st.text("$€£5.,-kmMB0 1/", max_size=12))
def test_no_sign_of_money_is_left(text) -> None:
    assert not set(expand_english(text)) & set("$€£")
