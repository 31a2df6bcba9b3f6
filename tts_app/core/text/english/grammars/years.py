"""Years and decades: `between 1914 and 1918`, `1914-18`, `the 1980's`, `c. 1850`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import DASH, Reading, Sentence, tail
from tts_app.core.text.english.basics.spelling import said_letters, said_year
from tts_app.core.text.english.basics.vocabulary import word_set
from tts_app.core.text.english.grammars.dates import MONTHS

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
_STRONG_CUES = word_set(
    "in since until till year years early late mid spring summer autumn fall winter circa"
    " during class anno ad"
) | frozenset(month.lower() for month in MONTHS)
_WEAK_CUES = word_set(
    "of from by before after about around between and to the a this that late than"
    " through throughout every his her its their our my for on or"
)
"""They stand before quantities as well: "about 1500 people"."""
_COUNTED_CUES = word_set(
    "page pages line lines item items room step steps row rows pp number equals times"
    " exactly over under approximately roughly nearly almost costs cost total"
)
_YEAR = re.compile(r"(1[1-9]\d\d|20\d\d)(?![\w%]|[.,:]\d|/\d)")
_YEARS = re.compile(
    rf"(1[1-9]\d\d|20\d\d)\s?{DASH}\s?(1[1-9]\d\d|20\d\d|\d\d)(?![\w%]|[.,:/]\d|[-–]\d)"
)
_SLASHED = re.compile(r"(1[89]\d\d|20\d\d)/(\d\d(?:\d\d)?)(?![\w/]|[.,]\d)")
_DECADE = re.compile(r"(1\d|20)(\d)0['’]?s\b")
_SHORT_DECADE = re.compile(r"['’]?([2-9])0['’]?s\b")
_DECADE_CUES = word_set(
    "the early late mid his her their my your our in and or from of since"
)
_DECADE_NOUNS = word_set(
    "music style fashion movies films film pop rock hits hit disco decor era party theme"
    " nostalgia vibe vibes hairstyle sitcom cartoon kid kids"
)
_ERA = re.compile(r"(\d{1,5})\s?(BCE|BC|CE|AD|B\.C\.E?\.?|A\.D\.?|C\.E\.)(?!\w)")
_NEAR_1_YEAR = 2039
_OLDEST_BARE = 1700
_MODERN = 1900
_OPERATOR_AFTER = re.compile(
    r"\s[xX]\s\d|\s?(?:[!=<>]=|\*\*|[-−+*/×÷=^<>≠≈≤≥])\s?[\d(]|\s(?:[!=<>]=|\*\*|[-−–+*/×÷=^<>≠≈≤≥])\s"
)
_OPERATOR_BEFORE = re.compile(r"\s[xX]\s\Z|[+*/×÷=^<>−≠≈≤≥]\s?\Z|\s[-–]\s\Z")
_CIRCA = re.compile(r"\b(?:ca?|b|d|r)\.\s?\Z")
_VERBS = word_set(
    "was is will saw had has brought marked would began ended were became may might"
)


def read_years(sentence: Sentence, start: int) -> Reading | None:
    """A year, a span of years, or a decade, beginning with a digit or an apostrophe."""
    text = sentence.text
    if found := _DECADE.match(text, start):
        return Reading(found.end(), _decade(found[1], int(found[2])))
    if found := _SHORT_DECADE.match(text, start):
        if _means_decade(sentence, start, found.end()):
            return Reading(found.end(), _DECADES[int(found[1])])
        return None
    if found := _ERA.match(text, start):
        year = said_year(found[1]) if len(found[1]) == 4 else found[1]
        letters = said_letters(found[2])
        stop = "." if found[2].endswith(".") and sentence.ends_at(found.end()) else ""
        return Reading(found.end(), f"{year} {letters}{stop}", quantity=True)
    return _span(sentence, start) or _year(sentence, start)


def _span(sentence: Sentence, start: int) -> Reading | None:
    text = sentence.text
    if found := _SLASHED.match(text, start):
        first, last = found.groups()
        if int(last) in ((int(first) + 1) % 100, int(first) + 1):
            said = said_year(last) if len(last) == 4 else _short(last)
            return Reading(found.end(), f"{said_year(first)} {said}")
        return None
    found = _YEARS.match(text, start)
    if (
        found is None
        or sentence.is_in_sum(start, found.end())
        or sentence.has_plural_after(found.end())
    ):
        return None
    first, last = found.groups()
    whole = last if len(last) == 4 else first[:2] + last
    cue = sentence.word_before(start)
    if int(whole) <= int(first) or cue in _COUNTED_CUES:
        return None
    said = last if len(last) == 2 and last[0] != "0" else said_year(whole)
    return Reading(found.end(), f"{said_year(first)} to {said}")


def _year(sentence: Sentence, start: int) -> Reading | None:
    found = _YEAR.match(sentence.text, start)
    if found is None or not _means_year(sentence, start, found.end()):
        return None
    return Reading(found.end(), said_year(found[1]), quantity=True)


def _means_year(sentence: Sentence, start: int, end: int) -> bool:
    text = sentence.text
    if sentence.is_sum and (
        _OPERATOR_AFTER.match(text, end) or _OPERATOR_BEFORE.search(tail(text, start))
    ):
        return False
    cue, number = sentence.word_before(start), int(text[start : start + 4])
    before = text[start - 1 : start]
    if _CIRCA.search(tail(text, start)):
        return True
    if before in ("/", "."):
        return False
    if cue in _STRONG_CUES or _is_after_date(text, start):
        return True
    if sentence.has_plural_after(end) or cue in _COUNTED_CUES:
        return False
    if cue in _WEAK_CUES:
        return number >= _OLDEST_BARE or cue in (
            "about",
            "around",
            "between",
            "and",
            "the",
        )
    if before in ("(", "–", "-") or (start == 0 and sentence.word_after(end) in _VERBS):
        return True
    return _MODERN <= number <= _NEAR_1_YEAR


def _is_after_date(text: str, start: int) -> bool:
    """`, 1969` behind the name of a month and a day, or of a place."""
    return bool(re.search(r"(?:[A-Za-z]|\dth|\dst|\dnd|\drd),\s\Z", tail(text, start)))


def _means_decade(sentence: Sentence, start: int, end: int) -> bool:
    text = sentence.text
    if text[start] in "'’":
        return True
    if (
        sentence.word_before(start) in _DECADE_CUES
        or text[max(0, start - 4) : start] == "mid-"
    ):
        return True
    return sentence.word_after(end) in _DECADE_NOUNS


def _decade(century: str, number: int) -> str:
    if century == "20" and number == 0:
        return "2 thousands"
    return f"{century} {_DECADES[number]}"


def _short(digits: str) -> str:
    return f"oh {digits[1]}" if digits[0] == "0" else digits
