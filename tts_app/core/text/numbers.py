"""English number formats: dates, times, years, telephone numbers."""

from __future__ import annotations

import re

MONTHS = (
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
)
_DECADES = (
    "hundreds",
    "tens",
    "twenties",
    "thirties",
    "forties",
    "fifties",
    "sixties",
    "seventies",
    "eighties",
    "nineties",
)
_PARTS = {2: "half", 3: "third", 4: "quarter", 8: "eighth"}

_MONTH_SHORT = r"(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
_MONTH_BEFORE = re.compile(
    rf"\b{_MONTH_SHORT}\.?(?=\s+\d{{1,4}}\b|\s+\d{{1,2}}(?:st|nd|rd|th)\b)"
)
_MONTH_AFTER = re.compile(rf"(?<=\d ){_MONTH_SHORT}\b(?:\.(?!$))?")
_MONTH_DAY = re.compile(
    rf"\b({'|'.join(MONTHS)}) (0?[1-9]|[12]\d|3[01])(?![\w:/%]|[.,]\d)"
)
_ISO_DATE = re.compile(
    r"(?<![\w-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\w-])"
)
_SLASH_DATE = re.compile(r"(?<![\w/.])(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?![\w/]|\.\d)")
_YEAR = re.compile(
    r"\b(in|since|from|by|until|till|of|during|before|after|year|early|late|mid|spring|"
    rf"summer|autumn|fall|winter|{'|'.join(MONTHS)}|(?:{'|'.join(MONTHS)}) \d\d?(?:st|nd|rd|th),?)"
    r" (1[1-9]\d\d|20[1-9]\d)(?![\w%]|[.,:/-]\d)",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"(?<![\w.,/-])(1[1-9]\d\d|20\d\d)\s?[-–]\s?(1[1-9]\d\d|20\d\d)(?![\w%]|[.,:/-]\d)"
)
_DECADE = re.compile(r"(?<![\w.,])(1\d|20)(\d)0s\b")
_SHORT_DECADE = re.compile(r"\b(the|late|early|mid|mid-) ?['’]?([1-9])0s\b")

_TIME = re.compile(
    r"(?<![\w:.,])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])(?:\s?([ap])\.?m\b(\.?))?",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(?<![\w/.,])(?:(\d+) )?([1-9])/([2-9]|10)(?![\w/]|[.,]\d)")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:"
    r"\+\d{1,3}(?:[ .-]?(?:\(\d{1,4}\)|\d{1,4})){2,5}"
    r"|(?:1[ .-])?\(\d{3}\) ?\d{3}[ .-]\d{4}"
    r"|(?:1[.-])?\d{3}([.-])\d{3}\1\d{4}"
    r"|(?<=[Cc]all )\d{3}-\d{4}|(?<=[Dd]ial )\d{3}-\d{4}|(?<=[Nn]umber )\d{3}-\d{4}"
    r"|(?<=[Pp]hone )\d{3}-\d{4}|(?<=[Nn]umber is )\d{3}-\d{4}"
    r")(?![\w/-])"
)
_LEAST_PHONE_DIGITS, _MOST_PHONE_DIGITS = 7, 15


def numbers_as_said(clause: str) -> str:
    """The clause with telephone numbers, dates, times, years and fractions as said."""
    clause = _PHONE.sub(_phone, clause)
    clause = _MONTH_BEFORE.sub(_month, _MONTH_AFTER.sub(_month, clause))
    clause = _ISO_DATE.sub(_iso_date, clause)
    clause = _SLASH_DATE.sub(_slash_date, clause)
    clause = _MONTH_DAY.sub(lambda m: f"{m[1]} {ordinal(int(m[2]))}", clause)
    clause = _TIME.sub(_time, clause)
    clause = _DECADE.sub(_decade, clause)
    clause = _SHORT_DECADE.sub(lambda m: f"{m[1]} {_DECADES[int(m[2])]}", clause)
    clause = _YEARS.sub(lambda m: f"{said_year(m[1])} to {said_year(m[2])}", clause)
    clause = _YEAR.sub(lambda m: f"{m[1]} {said_year(m[2])}", clause)
    return _FRACTION.sub(_fraction, clause)


def ordinal(number: int) -> str:
    """`21` as "21st", which every voice reads well."""
    teens = 10 <= number % 100 <= 20
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def said_year(year: str) -> str:
    """`1987` as "19 87", `1905` as "19 oh 5", `2007` as it is."""
    century, rest = year[:2], year[2:]
    if year.startswith("200") or year in ("1000", "2000"):
        return year
    if rest == "00":
        return f"{century} hundred"
    return f"{century} oh {rest[1]}" if rest[0] == "0" else f"{century} {rest}"


def said_date(year: int | None, month: int | None, day: int | None) -> str:
    """A date from its parts, any of which may be missing; empty when there is no such date."""
    if month is not None and not 1 <= month <= len(MONTHS):
        return ""
    if day is not None and not 1 <= day <= 31:
        return ""
    words = [MONTHS[month - 1]] if month else []
    if day:
        words.append(ordinal(day))
    said = " ".join(words)
    if year is None:
        return said
    in_full = said_year(f"{year:04}") if 1_000 <= year <= 9_999 else str(year)
    return f"{said}, {in_full}" if said else in_full


def said_digits(text: str) -> str:
    """Every digit separately; separators between groups become short pauses."""
    groups = [" ".join(group) for group in re.findall(r"\d+", text)]
    plus = "plus " if text.lstrip().startswith("+") else ""
    return plus + ", ".join(groups) if groups else text


def _phone(match: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in match.group())
    if _LEAST_PHONE_DIGITS <= digits <= _MOST_PHONE_DIGITS:
        return said_digits(match.group())
    return match.group()


def _month(match: re.Match[str]) -> str:
    return next(month for month in MONTHS if month.startswith(match[1][:3]))


def _iso_date(match: re.Match[str]) -> str:
    return said_date(*map(int, match.groups())) or match.group()


def _slash_date(match: re.Match[str]) -> str:
    """With slashes the month stands first when it can, with dots the day does."""
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day_first = match[2] == "." or first > len(MONTHS)
    day, month = (first, second) if day_first else (second, first)
    return said_date(year, month, day) or match.group()


def _time(match: re.Match[str]) -> str:
    hour, minute, half = int(match[1]), match[2], match[3]
    day_half = f" {half.lower()}.m{match[4] or '.'}" if half else ""
    if minute == "00":
        if half:
            return f"{hour}{day_half}"
        if hour == 0:
            return "midnight"
        return f"{hour} o'clock" if hour <= 12 else f"{hour} hundred"
    said = f"{hour} oh {minute[1]}" if minute[0] == "0" else f"{hour}:{minute}"
    return f"{said}{day_half}"


def _decade(match: re.Match[str]) -> str:
    if match[1] == "20" and match[2] == "0":
        return "2 thousands"
    return f"{match[1]} {_DECADES[int(match[2])]}"


def _fraction(match: re.Match[str]) -> str:
    whole, top, bottom = match[1], int(match[2]), int(match[3])
    if top >= bottom:
        return match.group()
    part = _PARTS.get(bottom) or ordinal(bottom)
    one = "a" if whole else "one"
    many = "halves" if part == "half" else f"{part}s"
    said = f"{one} {part}" if top == 1 else f"{top} {many}"
    return f"{whole} and {said}" if whole else said
