"""Arithmetic, comparisons, fractions, Roman numerals, ranges and codes."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, strategies as st

from tests.tts.text.english.writing import below_hundred, check, frames
from tts_app.core.text.english.normalizer import expand_english

OPERATORS = {
    "+": "plus",
    "-": "minus",
    "−": "minus",
    "*": "times",
    "×": "times",
    "x": "times",
    "/": "divided by",
    "÷": "divided by",
    "^": "to the power of",
    "**": "to the power of",
}
COMPARISONS = {
    "<": "is less than",
    ">": "is greater than",
    "<=": "is less than or equal to",
    "≥": "is greater than or equal to",
    "=": "equals",
    "==": "equals",
    "!=": "is not equal to",
    "≠": "is not equal to",
    "≈": "is approximately",
}
PREFIXES = {"<": "less than", ">": "more than", "<=": "at most", "≥": "at least"}
operands = st.one_of(
    st.integers(0, 9_999).map(str), st.sampled_from(["b", "n", "x", "y", "z"])
)
operators = st.sampled_from(sorted(OPERATORS))
comparisons = st.sampled_from(sorted(COMPARISONS))


@given(one=operands, sign=operators, two=operands, three=operands)
def test_it_reads_equations(one, sign, two, three) -> None:
    assume("x" not in (sign, one, two) or sign != "x" or "x" not in (one, two))
    said = OPERATORS[sign]
    if sign in ("^", "**") and one.isalpha() and two in ("2", "3"):
        return
    written = f"{one} {sign} {two} = {three}"
    assert expand_english(written) == f"{one} {said} {two} equals {three}"


@given(terms=st.lists(st.integers(0, 999), min_size=2, max_size=6), data=st.data())
def test_it_reads_long_sums_without_spaces(terms, data) -> None:
    signs = [data.draw(st.sampled_from(["+", "-", "*"])) for _ in terms[1:]]
    written, said = str(terms[0]), str(terms[0])
    for sign, term in zip(signs, terms[1:], strict=True):
        written += f"{sign}{term}"
        said += f" {OPERATORS[sign]} {term}"
    assert expand_english(f"{written} = 7") == f"{said} equals 7"


@given(one=operands, sign=comparisons, two=operands)
@example(one="0", sign="<=", two="1900")
@example(one="1900", sign="==", two="1950")
def test_it_reads_comparisons(one, sign, two) -> None:
    assert expand_english(f"{one} {sign} {two}") == f"{one} {COMPARISONS[sign]} {two}"


@given(sign=st.sampled_from(sorted(PREFIXES)), number=st.integers(0, 10**6))
def test_it_reads_limits(sign, number) -> None:
    check(
        f"{sign}{number} users", f"{PREFIXES[sign]} {number} users", "We need {} here."
    )


@given(high=st.integers(100, 9_999), low=st.integers(0, 99))
def test_a_falling_difference_is_a_minus_and_a_rising_one_a_range(high, low) -> None:
    assume(not 1100 <= high <= 2099)
    check(f"{high} - {low}", f"{high} minus {low}")
    check(f"{low} - {high}", f"{low} to {high}")


@given(number=st.integers(1, 999), frame=frames)
def test_it_reads_signs(number, frame) -> None:
    check(f"-{number}", f"minus {number}", frame)
    check(f"+{number}", f"plus {number}", frame)


@given(top=st.integers(1, 19), bottom=st.integers(2, 99), whole=st.integers(0, 99))
def test_it_reads_fractions(top, bottom, whole) -> None:
    assume(top < bottom and (top, bottom) != (7, 11) and (top, bottom) != (9, 11))
    name = {2: "half", 4: "quarter"}.get(bottom) or _ordinal(bottom)
    if top > 1:
        name = f"{name}s"
    part = f"{below_hundred(top)} {name}"
    if whole:
        joined = f"a {name}" if top == 1 else part
        check(f"{whole} {top}/{bottom}", f"{whole} and {joined}", "Use {} of it.")
    else:
        check(f"{top}/{bottom}", part, "Use {} of it.")


def _ordinal(number: int) -> str:
    special = {
        "one": "first",
        "two": "second",
        "three": "third",
        "five": "fifth",
        "eight": "eighth",
        "nine": "ninth",
        "twelve": "twelfth",
    }
    first, space, last = below_hundred(number).rpartition(" ")
    word = special.get(last)
    if word is None:
        word = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return f"{first}{space}{word}"


@given(number=st.integers(0, 100), frame=frames)
def test_it_reads_percentages(number, frame) -> None:
    check(f"{number}%", f"{number} percent", frame)
    check(f"{number}.5 %", f"{number}.5 percent", frame)


@given(low=st.integers(0, 40), high=st.integers(41, 100), dash=st.sampled_from("-–"))
def test_it_reads_ranges(low, high, dash) -> None:
    check(f"{low}{dash}{high}", f"{low} to {high}", "Ages {} only.")
    check(f"{low}%{dash}{high}%", f"{low} percent to {high} percent", "Up {} more.")


def roman(number: int) -> str:
    marks = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    written = ""
    for value, mark in marks:
        while number >= value:
            written, number = written + mark, number - value
    return written


@given(number=st.integers(2, 39), head=st.sampled_from(["Chapter", "Part", "Act"]))
def test_a_numeral_behind_a_head_is_a_number(number, head) -> None:
    check(roman(number), below_hundred(number), f"See {head} {{}} there.")


@given(
    number=st.integers(2, 25),
    name=st.sampled_from(["Henry", "Louis", "King Charles", "Pope Pius", "Elizabeth"]),
)
def test_a_numeral_behind_a_name_is_an_ordinal(number, name) -> None:
    assume(number != 10 or name != "Henry")
    assume(number != 10 or name != "Elizabeth")
    check(
        roman(number), f"the {_ordinal(number)}", f"When {name} {{}} came, it rained."
    )


@pytest.mark.parametrize(
    "text",
    [
        "I am I.",
        "A CD, a DVD and an LCD.",
        "Vitamin C and vitamin D.",
        "The CIA, the CLI and an MD.",
        "Size XL or L.",
        "The mix is civil.",
        "Malcolm X and an X-ray.",
        "Did I say so?",
    ],
)
def test_letters_are_no_numerals(text) -> None:
    assert expand_english(text) == text


codes = st.text("0123456789", min_size=4, max_size=8)


@given(code=codes, cue=st.sampled_from(["PIN", "zip code", "code is", "password:"]))
def test_it_reads_codes_digit_by_digit(code, cue) -> None:
    check(code, " ".join(code), f"My {cue} {{}} works.")


@given(number=st.integers(10**9, 10**10 - 1))
def test_it_reads_a_telephone_number_in_groups(number) -> None:
    digits = str(number)
    assume(not digits.endswith("000"))
    groups = (digits[:3], digits[3:6], digits[6:])
    said = ", ".join(" ".join(group) for group in groups)
    check("-".join(groups), said, "Call {} now.")
    check(f"({groups[0]}) {groups[1]}-{groups[2]}", said, "Call {} now.")
    check(digits, said, "Call {} now.")


@given(number=st.integers(1, 10**9))
def test_a_plain_quantity_stays(number) -> None:
    assume(not 1100 <= number <= 2099 and (number < 10**8 or number % 1000 == 0))
    for text in (f"We have {number:,} apples.", f"We have {number} apples."):
        assert expand_english(text) == text
