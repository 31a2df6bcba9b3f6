"""SSML's say-as: letter by letter, digit by digit, as a date."""

from __future__ import annotations

import re
from itertools import accumulate, groupby

from tts_app.core.text.english.basics.spelling import ordinal, said_digits
from tts_app.core.text.english.grammars.dates import said_date
from tts_app.core.text.english.normalizer import expand_english
from tts_app.core.text.other_languages import cardinal_in, ordinal_in

SAY_AS = (
    "characters",
    "spell-out",
    "verbatim",
    "digits",
    "telephone",
    "cardinal",
    "number",
    "ordinal",
    "fraction",
    "unit",
    "date",
    "time",
    "currency",
)

_DATE_PARTS = re.compile(r"\d+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_LONGEST_NUMBER = 15
_FIELD_WIDTHS = {"y": 4, "m": 2, "d": 2}


def say_as(text: str, how: str, form: str, language: str) -> str:
    """The text in the words of `how`, one of SAY_AS.

    English supports all of them; other languages support spelling and numbers, and
    leave the rest to the voice. Text that does not match is spoken as it is.
    """
    text = text.strip()
    english = language.lower().startswith("en")
    if how in ("characters", "spell-out", "verbatim"):
        return ", ".join(character for character in text if character.isalnum())
    if how in ("digits", "telephone"):
        return said_digits(text)
    if how == "date" and english:
        return _date(text, form)
    if how in ("cardinal", "number", "ordinal"):
        return _number(text, language, english=english, is_ordinal=how == "ordinal")
    return expand_english(text) if english else text


def _number(text: str, language: str, *, english: bool, is_ordinal: bool) -> str:
    number = _THOUSANDS.sub("", text)
    if not number.isdecimal():
        return expand_english(text) if english else number
    if english:
        return ordinal(int(number[:_LONGEST_NUMBER])) if is_ordinal else number
    spell = ordinal_in if is_ordinal else cardinal_in
    return spell(int(number[:_LONGEST_NUMBER]), language) or number


def _date(text: str, form: str) -> str:
    """`format` names the order of the parts, once or once per digit: mdy, dmy, ymd, md,
    dm, ym, my, y, or yyyymmdd and the like."""
    fields = [
        (letter, len(list(run)))
        for letter, run in groupby(letter for letter in form.lower() if letter in "ymd")
    ]
    order = "".join(letter for letter, _ in fields)
    parts = _DATE_PARTS.findall(text)
    if len(parts) == 1 and len(order) > 1:
        parts = _cut(parts[0], fields)
    if not order or len(parts) != len(order) or len(set(order)) != len(order):
        return expand_english(text)
    named = dict(zip(order, map(int, parts), strict=True))
    return said_date(named.get("y"), named.get("m"), named.get("d")) or text


def _cut(digits: str, fields: list[tuple[str, int]]) -> list[str]:
    """Digits in one row, cut into the fields of the form."""
    widths = [width if width > 1 else _FIELD_WIDTHS[letter] for letter, width in fields]
    ends = list(accumulate(widths))
    if ends[-1] != len(digits):
        return []
    return [digits[end - width : end] for end, width in zip(ends, widths, strict=True)]
