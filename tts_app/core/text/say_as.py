"""SSML's say-as: letter by letter, digit by digit, as a date."""

from __future__ import annotations

import re

from tts_app.core.text.english import expand_english
from tts_app.core.text.numbers import ordinal, said_date, said_digits

SAY_AS = (
    "characters",
    "spell-out",
    "digits",
    "telephone",
    "cardinal",
    "number",
    "ordinal",
    "date",
    "time",
    "currency",
)

_DATE_PARTS = re.compile(r"\d+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def say_as(text: str, how: str, form: str, language: str) -> str:
    """The text in the words of `how`, one of SAY_AS.

    English supports all of them; other languages support spelling and numbers, and
    leave the rest to the voice. Text that does not match is spoken as it is.
    """
    text = text.strip()
    english = language.lower().startswith("en")
    if how in ("characters", "spell-out"):
        return ", ".join(character for character in text if character.isalnum())
    if how in ("digits", "telephone"):
        return said_digits(text)
    number = _THOUSANDS.sub("", text)
    if how == "ordinal" and english and number.isdecimal():
        return ordinal(int(number[:15]))
    if how == "date" and english:
        return _date(text, form)
    if how in ("cardinal", "number", "ordinal"):
        return number
    return expand_english(text) if english else text


def _date(text: str, form: str) -> str:
    """`format` names the order of the parts: mdy, dmy, ymd, md, dm, my or y."""
    parts = _DATE_PARTS.findall(text)
    if not form or len(parts) != len(form) or set(form) - set("dmy"):
        return expand_english(text)
    named = dict(zip(form, map(int, parts), strict=True))
    return said_date(named.get("y"), named.get("m"), named.get("d")) or text
