"""Languages other than English: quantities, money and arithmetic of some, and numbers
in words where num2words knows them. All else is left to the voice of the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tts_app.core.text.language_words import LANGUAGES, SYMBOLS, LanguageWords

_TIMES = re.compile(r"(?<=\d)\s?\*\s?(?=\d)")
_UNSPOKEN = re.compile(r"[*~\\]+")

_NUMBER = r"\d+(?:[.,]\d{3})*(?:[.,]\d{1,2})?(?![\d.,]*\d)"
_UNIT = "|".join(re.escape(unit) for unit in sorted(SYMBOLS, key=len, reverse=True))
_PATTERN = re.compile(
    rf"(?<![\w.,])(?:(?P<before>[$€£¥])\s?(?P<amount>{_NUMBER})(?![\w%])"
    rf"|(?P<amount2>{_NUMBER})\s?(?P<after>[$€£¥])(?!\w)"
    rf"|(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})(?![\w/²³]))"
    r"|(?<=[\d)])\s(?P<operator>[<>≤≥×÷*/^-])\s(?=[\d(])"
    r"|(?<=\d)(?P<glued>[×^]|\*\*)(?=\d)"
    r"|(?<![\d–.,])(?P<low>\d{1,4})\s?–\s?(?=\d{1,4}(?![\d.,–]))"
)
_AT_THE_END = ("usw.", "etc.", "ecc.", "enz.")
_LONGEST = 12
_DOTTED_ORDINALS = frozenset(
    [
        "de",
        "da",
        "no",
        "nb",
        "nn",
        "fi",
        "is",
        "cs",
        "sk",
        "pl",
        "sl",
        "hr",
        "sr",
        "bs",
        "hu",
        "et",
        "lv",
        "tr",
        "lb",
    ]
)
_ORDINAL = re.compile(r"(?:^|[\s(])(?:[12]?\d|3[01])\.$")
"""The days of a month, and most floors, places and attempts."""
_SAME = {"*": "×", "**": "^", "/": "÷"}
_HUNDREDTHS = re.compile(r"(.+)[.,](\d{2})")
_GERMAN_YEAR = re.compile(
    r"\b(Jahr|Jahre|Jahren|seit|von|bis|zwischen|anno|um|ab|nach|Ende|Anfang|Mitte|Sommer"
    r"|Winter|Herbst|Frühling|Frühjahr|Januar|Februar|März|April|Mai|Juni|Juli|August"
    r"|September|Oktober|November|Dezember) (1[1-9])(\d\d)(?![\d.,]*\d|\s?[%€$])",
    re.IGNORECASE,
)


def expand_other(language: str, clause: str) -> str:
    """The clause of another language, with what its voice reads badly in words."""
    words = LANGUAGES.get(language)
    if words:
        clause = _abbreviations(language).sub(_in_full(words), clause)
    if words and any(character.isdigit() for character in clause):
        clause = _PATTERN.sub(_said_in(words), clause)
        if language == "de":
            clause = _GERMAN_YEAR.sub(_german_year, clause)
    clause = _TIMES.sub(" × ", clause)
    return " ".join(_UNSPOKEN.sub("", clause).split())


def abbreviates(language: str, text: str) -> bool:
    """Whether the text ends with an abbreviation or an ordinal number, which seldom
    ends a sentence."""
    if language in _DOTTED_ORDINALS and _ORDINAL.search(text):
        return True
    if language not in LANGUAGES or text.endswith(_AT_THE_END):
        return False
    found = _abbreviations(language).finditer(text, max(0, len(text) - _LONGEST))
    return any(each.end() == len(text) for each in found)


def cardinal_in(number: int, language: str) -> str:
    """The number in words of the language; empty when it is not known."""
    return _spelled(number, language, "cardinal")


def ordinal_in(number: int, language: str) -> str:
    """The ordinal number in words of the language; empty when it is not known."""
    return _spelled(number, language, "ordinal")


def _said_in(words: LanguageWords) -> Callable[[re.Match[str]], str]:
    def said(found: re.Match[str]) -> str:
        if unit := found["unit"]:
            one, many = words.units[unit]
            return f"{found['number']} {one if found['number'] == '1' else many}"
        if sign := found["before"] or found["after"]:
            return _money(found["amount"] or found["amount2"], sign, words)
        if found["low"]:
            return f"{found['low']} {words.operators['–']} "
        operator = found["operator"] or found["glued"]
        return f" {words.operators[_SAME.get(operator, operator)]} "

    return said


@lru_cache
def _abbreviations(language: str) -> re.Pattern[str]:
    short = sorted(LANGUAGES[language].abbreviations, key=len, reverse=True)
    return re.compile(
        rf"(?<![\w.])(?:{'|'.join(map(re.escape, short))})(?=\s*(.?))(?!\w)"
    )


def _in_full(words: LanguageWords) -> Callable[[re.Match[str]], str]:
    def said(found: re.Match[str]) -> str:
        """The full stop that also ends the sentence is kept."""
        ends = not found[1] or (found[0] in _AT_THE_END and found[1].isupper())
        is_end = found[0].endswith(".") and ends
        return words.abbreviations[found[0]] + ("." if is_end else "")

    return said


def _money(amount: str, sign: str, words: LanguageWords) -> str:
    parts = _HUNDREDTHS.fullmatch(amount)
    whole, rest = (parts[1], parts[2]) if parts else (amount, "00")
    one, many = words.currencies[sign]
    said = f"{whole} {one if whole == '1' else many}"
    return (
        said if rest == "00" else " ".join(f"{said} {words.joint} {int(rest)}".split())
    )


def _german_year(found: re.Match[str]) -> str:
    """1989 as "19 hundert 89": a voice would say one thousand nine hundred."""
    rest = str(int(found[3])) if int(found[3]) else ""
    return f"{found[1]} {found[2]} hundert {rest}".rstrip()


def _spelled(number: int, language: str, form: str) -> str:
    # Importing all its languages takes a tenth of a second, which English never needs.
    from num2words import num2words

    try:
        return str(num2words(number, lang=language, to=form))
    except (NotImplementedError, OverflowError, TypeError, ValueError):
        return ""
