"""Quantities with units are read with their value and the right number."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.tts.text.english.writing import check, decimals, frames, grouped
from tts_app.core.text.english.normalizer import expand_english

UNITS = {
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "µg": ("microgram", "micrograms"),
    "mL": ("millilitre", "millilitres"),
    "L": ("litre", "litres"),
    "ft": ("foot", "feet"),
    "mi": ("mile", "miles"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "m/s²": ("metre per second squared", "metres per second squared"),
    "kg/m³": ("kilogram per cubic metre", "kilograms per cubic metre"),
    "m²": ("square metre", "square metres"),
    "km^2": ("square kilometre", "square kilometres"),
    "GB": ("gigabyte", "gigabytes"),
    "MB/s": ("megabyte per second", "megabytes per second"),
    "Mbit/s": ("megabit per second", "megabits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "GHz": ("gigahertz", "gigahertz"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "W": ("watt", "watts"),
    "mAh": ("milliamp hour", "milliamp hours"),
    "hrs": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "ms": ("millisecond", "milliseconds"),
    "lbs": ("pound", "pounds"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "dB": ("decibel", "decibels"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "kΩ": ("kiloohm", "kiloohms"),
}
NOUNS = ("gap", "bulb", "run", "bag", "cable", "limit", "walk")

units = st.sampled_from(sorted(UNITS))
gaps = st.sampled_from(["", " "])
numbers = st.one_of(st.integers(2, 9_999).map(str), decimals())


@given(number=numbers, unit=units, gap=gaps, frame=frames)
def test_it_reads_quantities(number, unit, gap, frame) -> None:
    check(f"{number}{gap}{unit}", f"{number} {UNITS[unit][1]}", frame)


@given(unit=units, gap=gaps, frame=frames)
def test_one_is_singular(unit, gap, frame) -> None:
    check(f"1{gap}{unit}", f"1 {UNITS[unit][0]}", frame)


@given(number=st.integers(1_000, 10**8), unit=units)
def test_it_reads_thousands(number, unit) -> None:
    check(f"{grouped(number)} {unit}", f"{number} {UNITS[unit][1]}")


@given(number=numbers, unit=units, gap=gaps, noun=st.sampled_from(NOUNS))
def test_it_is_singular_before_a_noun(number, unit, gap, noun) -> None:
    spoken = f"{number} {UNITS[unit][0]} {noun}"
    check(f"{number}{gap}{unit} {noun}", spoken, "We need a {}.")


@given(
    low=st.integers(0, 50),
    high=st.integers(51, 999),
    unit=units,
    dash=st.sampled_from(["-", "–", " - ", " – "]),
    twice=st.booleans(),
    gap=gaps,
    frame=frames,
)
def test_it_reads_ranges(low, high, unit, dash, twice, gap, frame) -> None:
    first = f"{low}{gap}{unit}" if twice else f"{low}"
    written = f"{first}{dash}{high}{gap}{unit}"
    check(written, f"{low} to {high} {UNITS[unit][1]}", frame)


@given(number=st.integers(2, 99), unit=st.sampled_from(["°C", "°F"]), frame=frames)
def test_it_keeps_the_minus(number, unit, frame) -> None:
    check(f"-{number}{unit}", f"minus {number} {UNITS[unit][1]}", frame)


@given(number=numbers, unit=st.sampled_from(["kg", "hrs", "min", "ft", "lbs"]))
def test_a_full_stop_behind_a_unit_ends_no_sentence(number, unit) -> None:
    spoken = f"{number} {UNITS[unit][1]}"
    check(f"{number} {unit}.", spoken, "It took {} of work.")
    check(f"{number} {unit}", spoken, "It took {}.")


@given(
    one=st.integers(1, 99), two=st.integers(1, 99), unit=st.sampled_from(["cm", "m"])
)
def test_it_reads_sizes(one, two, unit) -> None:
    name = {"cm": "centimetres", "m": "metres"}[unit]
    check(f"{one} x {two} {unit}", f"{one} by {two} {name}")
    check(f"{one}×{two} {unit}", f"{one} by {two} {name}")


@pytest.mark.parametrize(
    "text",
    [
        "He is a man.",
        "The A4 paper.",
        "I'm 5.",
        "We met in 5 or 6 places.",
        "It's 5 to 6.",
        "A 5G phone.",
        "MP3 and H2O.",
    ],
)
def test_it_leaves_the_rest_alone(text) -> None:
    assert expand_english(text) == text
