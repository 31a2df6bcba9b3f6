"""What the synthesizer reads badly in English, written out."""

from __future__ import annotations

import re

_TITLES = {
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miss",
    "Prof": "Professor",
    "Capt": "Captain",
    "Gen": "General",
    "Sgt": "Sergeant",
    "Lt": "Lieutenant",
    "Sen": "Senator",
    "Rev": "Reverend",
}
_TITLE = re.compile(rf"\b({'|'.join(_TITLES)})\.(?=\s+(?:[A-Z]|and\b))")

_CURRENCIES = {
    "$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
}
_MONEY = re.compile(
    r"([$€£])(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?(?![\d.,]*\d)"
    r"(?:\s?(hundred|thousand|million|billion|trillion|[KMB])\b)?"
)
_SCALES = {"K": "thousand", "M": "million", "B": "billion"}

_UNITS = {
    "km/h": "kilometres per hour",
    "km": "kilometres",
    "kg": "kilograms",
    "cm": "centimetres",
    "mm": "millimetres",
    "mph": "miles per hour",
    "GB": "gigabytes",
    "MB": "megabytes",
    "kB": "kilobytes",
    "ms": "milliseconds",
    "°C": "degrees Celsius",
    "°F": "degrees Fahrenheit",
}
_UNIT = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)*)\s?("
    + "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
    + r")(?![\w/])"
)

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ISO_DATE = re.compile(
    r"(?<![\w-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\w-])"
)
_RANGE = re.compile(r"(?<![\w.,-])(\d{1,4})\s?[-–]\s?(\d{1,4})(?![\w-]|[.,]\d)")


def expand_english(clause: str) -> str:
    """The clause with titles, money, units, dates and ranges as words."""
    clause = _TITLE.sub(lambda match: _TITLES[match.group(1)], clause)
    if not any(character.isdigit() for character in clause):
        return clause
    clause = _MONEY.sub(_money, clause)
    clause = _UNIT.sub(
        lambda match: f"{match.group(1)} {_UNITS[match.group(2)]}", clause
    )
    clause = _ISO_DATE.sub(_date, clause)
    return _RANGE.sub(r"\1 to \2", clause)


def _money(match: re.Match[str]) -> str:
    symbol, whole, fraction, scale = match.groups()
    unit, small = _CURRENCIES[symbol]
    whole = whole.replace(",", "")
    if scale:
        number = f"{whole}.{fraction}" if fraction else whole
        return f"{number} {_SCALES.get(scale, scale)} {unit}s"
    said = f"{whole} {unit}{'' if whole == '1' else 's'}"
    cents = int((fraction or "0").ljust(2, "0"))
    if not cents:
        return said
    small = small if cents == 1 else "pence" if small == "penny" else f"{small}s"
    if whole == "0":
        return f"{cents} {small}"
    return f"{said} and {cents} {small}"


def _date(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{_MONTHS[int(month) - 1]} {int(day)}, {year}"
