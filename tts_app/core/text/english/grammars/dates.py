"""Dates: `2026-11-24`, `12/25/26`, `Sat. 5 Oct.`, `May 5-7`, `Mon-Fri`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import DASH, Reading, Sentence
from tts_app.core.text.english.basics.spelling import ordinal, said_year
from tts_app.core.text.english.basics.vocabulary import word_set

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
_DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_SHORT_DAYS = {
    "Mon": 0,
    "Tue": 1,
    "Tues": 1,
    "Wed": 2,
    "Weds": 2,
    "Thu": 3,
    "Thur": 3,
    "Thurs": 3,
    "Fri": 4,
    "Sat": 5,
    "Sun": 6,
}
_SHORT_MONTHS = {month[:3]: month for month in MONTHS} | {"Sept": "September"}
DATE_WORDS = frozenset({*MONTHS, *_SHORT_MONTHS, *_DAYS, *_SHORT_DAYS})

_MONTH = rf"(?:{'|'.join(MONTHS)}|(?:Sept|{'|'.join(m for m in _SHORT_MONTHS if m != 'Sept')})\.?)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[0-9]\d\d|20\d\d)"
_YEAR_AFTER = rf"(?:(?P<comma>,)?\s(?P<year>{_YEAR})(?![\d%]|[.,:/]\d|[-–]\d))?"
_NOT_MORE = r"(?![\w:/%]|[.,]\d|\s?[ap]\.?m\b)"
_MONTH_FIRST = re.compile(
    rf"(?P<month>{_MONTH})\s(?:the\s)?(?P<day>{_DAY})(?:st|nd|rd|th)?"
    rf"(?:\s?{DASH}\s?(?P<last>{_DAY})(?:st|nd|rd|th)?)?{_NOT_MORE}{_YEAR_AFTER}"
)
_MONTH_YEAR = re.compile(
    rf"(?P<month>{_MONTH})(?P<comma>,)?\s(?P<year>{_YEAR})(?![\d%]|[.,:/]\d|[-–]\d)"
)
_MONTHS_RANGE = re.compile(rf"({_MONTH})\s?{DASH}\s?({_MONTH})\b(?!\s\d{{1,2}}\b)")
_DAY_FIRST = re.compile(
    rf"(?P<day>{_DAY})(?P<ending>st|nd|rd|th)?(?:\s?{DASH}\s?(?P<last>{_DAY})(?:st|nd|rd|th)?)?"
    rf"\s(?P<of>of\s)?(?P<month>{_MONTH})(?![\w]){_YEAR_AFTER}"
)
_ISO = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>0[1-9]|1[0-2])[-/](?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?=\d\d:\d\d)|(?![\w/-]))"
)
_NUMERIC = re.compile(
    rf"(?P<one>\d{{1,2}})(?P<mark>[/.-])(?P<two>\d{{1,2}})(?P=mark)(?P<year>{_YEAR}|\d\d)(?![\w/-]|\.\d)"
)
_YEAR_MONTH = re.compile(
    r"(?P<year>19\d\d|20\d\d)-(?P<month>0[1-9]|1[0-2])(?![\w-]|[.,]\d)"
)
_MONTH_DAY = re.compile(
    r"(?P<month>0?[1-9]|1[0-2])/(?P<day>0?[1-9]|[12]\d|3[01])(?![\w/]|[.,]\d)"
)
_SHORT = re.compile(r"(?P<day>[A-Z][a-z]{2,4})(?P<dot>\.?)")
_SHORT_MONTH = re.compile(r"(?P<month>[A-Z][a-z]{2,3})\.")
_DAYS_RANGE = re.compile(rf"([A-Z][a-z]+)\.?\s?{DASH}\s?([A-Z][a-z]+)\b")
_BEFORE_DATE = re.compile(rf",?\s(?:the\s)?(?:\d|{_MONTH}\b)")
_CUES_OF_DIGITS = frozenset(
    ("on", "until", *(day.lower() for day in (*_DAYS, *_SHORT_DAYS)))
)
_DAY_CUES = word_set("on every next last this until by from since each and")


def read_date(sentence: Sentence, start: int) -> Reading | None:
    """A date that begins with a number."""
    text = sentence.text
    if found := _ISO.match(text, start):
        said = said_date(int(found["year"]), int(found["month"]), int(found["day"]))
        return Reading(found.end(), said + ("," if found.group()[-1] in "T " else ""))
    if found := _NUMERIC.match(text, start):
        return _numeric(found)
    if found := _DAY_FIRST.match(text, start):
        return _day_first(sentence, found)
    found = _YEAR_MONTH.match(text, start)
    if found and int(found["month"]) <= int(found["year"]) % 100:
        # `2010-11` is a span of years.
        month = MONTHS[int(found["month"]) - 1]
        return Reading(found.end(), f"{month} {said_year(found['year'])}")
    found = _MONTH_DAY.match(text, start)
    if found and sentence.word_before(start) in _CUES_OF_DIGITS:
        said = said_date(None, int(found["month"]), int(found["day"]))
        return Reading(found.end(), said)
    return None


def read_named_date(sentence: Sentence, start: int) -> Reading | None:
    """A date that begins with the month or the day of the week."""
    text = sentence.text
    if found := _MONTH_FIRST.match(text, start):
        days = _days(found)
        return Reading(found.end(), f"{_month(found['month'])} {days}{_year(found)}")
    if found := _MONTHS_RANGE.match(text, start):
        return Reading(found.end(), f"{_month(found[1])} to {_month(found[2])}")
    if found := _MONTH_YEAR.match(text, start):
        return Reading(
            found.end(), f"{_month(found['month'])} {said_year(found['year'])}"
        )
    return _day_of_week(sentence, start) or _month_alone(sentence, start)


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


def _numeric(found: re.Match[str]) -> Reading | None:
    """With slashes the month stands first when it can, with dots the day does."""
    one, two, year = int(found["one"]), int(found["two"]), int(found["year"])
    short = len(found["year"]) == 2
    if short and found["mark"] != "/":
        return None
    day_first = found["mark"] == "." or one > len(MONTHS)
    day, month = (one, two) if day_first else (two, one)
    if short:
        year += 1900 if year >= 50 else 2000
    said = said_date(year, month, day)
    return Reading(found.end(), said) if said else None


def _day_first(sentence: Sentence, found: re.Match[str]) -> Reading:
    end, month = found.end(), _month(found["month"])
    if found["year"] is None:
        end = _behind_stop(sentence, found)
    days = f"{_days(found)} {found['of'] or ''}"
    return Reading(end, f"{days}{month}{_year(found)}")


def _behind_stop(sentence: Sentence, found: re.Match[str]) -> int:
    """A full stop that ends the sentence is kept."""
    has_stop = found["month"].endswith(".")
    return (
        found.end() - 1 if has_stop and sentence.ends_at(found.end()) else found.end()
    )


def _days(found: re.Match[str]) -> str:
    first = ordinal(int(found["day"]))
    return f"{first} to {ordinal(int(found['last']))}" if found["last"] else first


def _year(found: re.Match[str]) -> str:
    if found["year"] is None:
        return ""
    return f"{found['comma'] or ''} {said_year(found['year'])}"


def _month(written: str) -> str:
    return _SHORT_MONTHS[written[:3]]


def _day_of_week(sentence: Sentence, start: int) -> Reading | None:
    """`Sat.` and `Sun.` only where a day is meant: they are words too."""
    text = sentence.text
    if days := _DAYS_RANGE.match(text, start):
        first, last = (_day_named(name) for name in days.groups())
        if first and last:
            return Reading(days.end(), f"{first} to {last}")
    found = _SHORT.match(text, start)
    if found is None or found["day"] not in _SHORT_DAYS:
        return None
    end = found.end()
    if text[end : end + 1].isalpha():
        return None
    is_date = _BEFORE_DATE.match(text, end) is not None
    is_word = found["day"] in ("Sat", "Sun", "Wed") or not found["dot"]
    cued = sentence.word_before(start) in _DAY_CUES
    if is_word and not (is_date or (cued and (found["dot"] or sentence.ends_at(end)))):
        return None
    stop = "." if found["dot"] and sentence.ends_at(end) else ""
    return Reading(end, _DAYS[_SHORT_DAYS[found["day"]]] + stop)


def _day_named(name: str) -> str:
    if name in _DAYS:
        return name
    return _DAYS[_SHORT_DAYS[name]] if name in _SHORT_DAYS else ""


def _month_alone(sentence: Sentence, start: int) -> Reading | None:
    found = _SHORT_MONTH.match(sentence.text, start)
    if found is None or found["month"] not in _SHORT_MONTHS or found["month"] == "May":
        return None
    stop = "." if sentence.ends_at(found.end()) else ""
    return Reading(found.end(), _SHORT_MONTHS[found["month"]] + stop)
