"""Dates, times and years are read as dates, times and years."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from tests.tts.text.english.writing import check, frames, ordinal, year_in_words
from tts_app.core.text.english.normalizer import expand_english

MONTHS = (
    "January February March April May June July August September October November"
    " December"
)
days = st.dates(date(1100, 1, 1), date(2099, 12, 31))
hours, minutes = st.integers(0, 23), st.integers(0, 59)
halves = st.sampled_from(["am", "pm", " am", " PM", " a.m.", " p.m", "AM"])


def month(day: date) -> str:
    return MONTHS.split()[day.month - 1]


def in_words(day: date) -> str:
    return f"{month(day)} {ordinal(day.day)}, {year_in_words(day.year)}"


@given(day=days, frame=frames)
def test_it_reads_dates_in_digits(day, frame) -> None:
    check(day.isoformat(), in_words(day), frame)
    check(f"{day.month}/{day.day}/{day.year}", in_words(day), frame)
    check(f"{day.day:02}.{day.month:02}.{day.year}", in_words(day), frame)


@given(day=days, short=st.booleans(), dot=st.booleans(), comma=st.booleans())
def test_it_reads_dates_with_the_name_of_the_month(day, short, dot, comma) -> None:
    name = month(day)
    if short and name not in ("May", "June", "July"):
        name = f"{name[:3]}{'.' if dot else ''}"
    year = year_in_words(day.year)
    said = f"{month(day)} {ordinal(day.day)}"
    end = "," if comma else ""
    check(f"{name} {day.day}{end} {day.year}", f"{said}{end} {year}", "On {} it was.")
    check(f"{name} {ordinal(day.day)}", said, "On {} it was.")
    said = f"{ordinal(day.day)} {month(day)} {year}"
    check(f"{day.day} {name} {day.year}", said, "On {} it was.")


@given(day=days, later=st.integers(1, 3))
def test_it_reads_spans_of_days(day, later) -> None:
    last = min(day.day + later, 28)
    first = min(day.day, last - 1)
    said = f"{month(day)} {ordinal(first)} to {ordinal(last)}"
    if first:
        check(f"{month(day)} {first}-{last}", said, "From {} it was.")


@given(hour=hours, minute=st.integers(1, 59), frame=frames)
def test_it_reads_times(hour, minute, frame) -> None:
    said = f"{hour} oh {minute}" if minute < 10 else f"{hour} {minute}"
    check(f"{hour}:{minute:02}", said, frame)


@given(hour=st.integers(1, 12), minute=minutes, half=halves)
def test_it_reads_halves_of_the_day(hour, minute, half) -> None:
    letters = "AM" if "a" in half.lower() else "PM"
    rest = f" oh {minute}" if 0 < minute < 10 else f" {minute}" if minute else ""
    check(f"{hour}:{minute:02}{half}", f"{hour}{rest} {letters}", "At {} we ate.")
    check(f"{hour}{half}", f"{hour} {letters}", "At {} we ate.")


@given(
    one=st.integers(1, 12),
    two=st.integers(1, 12),
    dash=st.sampled_from(["-", "–", " - ", " – "]),
)
def test_it_reads_spans_of_hours(one, two, dash) -> None:
    check(f"{one}am{dash}{two}pm", f"{one} AM to {two} PM", "Open {} daily.")
    check(f"{one}{dash}{two}pm", f"{one} to {two} PM", "Open {} daily.")


@given(year=st.integers(1700, 2039))
def test_it_reads_years_behind_their_words(year) -> None:
    said = year_in_words(year)
    for cue in ("in", "since", "until", "from", "by", "about", "summer of", "the"):
        check(str(year), said, f"It was {cue} {{}} there.")


@given(year=st.integers(1100, 2098), later=st.integers(1, 90))
def test_it_reads_spans_of_years(year, later) -> None:
    last = min(year + later, 2099)
    said = f"{year_in_words(year)} to {year_in_words(last)}"
    check(f"{year}-{last}", said, "It was {} there.")
    check(f"{year}–{last}", said, "They lived ({}).")
    joined = f"{year_in_words(year)} and {year_in_words(last)}"
    check(f"{year} and {last}", joined, "It was between {} there.")


@given(
    number=st.integers(1100, 2099), noun=st.sampled_from(["apples", "people", "men"])
)
def test_a_counted_number_is_no_year(number, noun) -> None:
    text = f"We have {number} {noun} here."
    assert expand_english(text) == text


@given(
    century=st.integers(11, 20),
    decade=st.integers(2, 9),
    mark=st.sampled_from(["", "'", "’"]),
)
def test_it_reads_decades(century, decade, mark) -> None:
    names = "twenties thirties forties fifties sixties seventies eighties nineties"
    name = names.split()[decade - 2]
    check(f"{century}{decade}0{mark}s", f"{century} {name}", "The {} were good.")
    check(f"{decade}0s", name, "The late {} were good.")


@pytest.mark.parametrize(
    "text",
    [
        "We may march on.",
        "The sun sat low.",
        "He wed in may.",
        "A ratio of 3 to 1.",
        "It costs 1,999 points.",
        "She is 80.",
    ],
)
def test_it_leaves_the_rest_alone(text) -> None:
    assert expand_english(text) == text
