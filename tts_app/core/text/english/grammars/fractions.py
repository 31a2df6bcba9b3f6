"""Fractions, percentages and scales: `2 3/4`, `½`, `8/10`, `5%`, `10k users`, `24/7`."""

from __future__ import annotations

import re
import unicodedata

from tts_app.core.text.english.basics.sentence import NUMBER, Reading, Sentence
from tts_app.core.text.english.basics.spelling import (
    SCALES,
    cardinal_word,
    ordinal_word,
    plain,
)
from tts_app.core.text.english.basics.vocabulary import word_set

_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_FRACTION = re.compile(
    r"(?:(?P<whole>\d{1,3})[ -])?(?P<top>\d{1,3})\s?[/⁄]\s?(?P<bottom>\d{1,4})(?:ths?|rds?|nds?)?"
    r"(?![\w/%]|[.,]\d)"
)
VULGAR_FRACTIONS = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_VULGAR = re.compile(r"(?P<whole>\d+)?\s?(?P<sign>[¼-¾⅐-⅞])")
_MOST_WORDS = 20
"""Larger numbers above the line stay digits."""
_LARGEST_BOTTOM = 100
_SCORES = word_set(
    "rate rated rates rating score scored scores scoring gave give gives got get grade pain"
    " graded marks"
)
_SAID_APART = frozenset(
    {
        (24, 7),
        (50, 50),
        (20, 20),
        (9, 11),
        (80, 20),
        (60, 40),
        (70, 30),
        (7, 11),
        (4, 4),
    }
)
_SCIENTIFIC = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)[eE](?P<power>[+-]?\d{1,3})(?!\w|\.\d)"
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?![\d.,]*\d)")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}(?![.,]?\d)")
_FIFTY = re.compile(r"50-50(?!\w)")
_SCALED = re.compile(rf"(?P<number>{NUMBER})(?P<scale>[kKMB]|\s?(?:mn|bn|mln))(?!\w)")
_OUT_OF = re.compile(r"(\d+\.\d)/(5|10|100)(?![\w/%]|[.,]\d)")
_PERCENT = re.compile(rf"(?P<number>{NUMBER})\s?(?P<sign>[%‰])(?!\w)")
_LEAST_UPPER_K = 10
_COMMA_DECIMAL = re.compile(r"(\d+),(\d{1,2})\s?%")


def read_fraction(sentence: Sentence, start: int) -> Reading | None:
    """`3/4`, `2 3/4`, a sign such as `¾`, and pairs that are no fractions."""
    text = sentence.text
    if found := _VULGAR.match(text, start):
        top, _, bottom = unicodedata.normalize("NFKC", found["sign"]).partition("⁄")
        said = _said(found["whole"], int(top), int(bottom))
        return Reading(found.end(), said, quantity=True)
    if found := _OUT_OF.match(text, start):
        return Reading(found.end(), f"{found[1]} out of {found[2]}", quantity=True)
    found = _FRACTION.match(text, start)
    if found is None or text[start - 1 : start] in (".", ",", "/"):
        return None
    return _written(sentence, found)


def read_percent(sentence: Sentence, start: int) -> Reading | None:
    """`5%`, with a decimal comma as well."""
    if comma := _COMMA_DECIMAL.match(sentence.text, start):
        return Reading(comma.end(), f"{comma[1]}.{comma[2]} percent", quantity=True)
    found = _PERCENT.match(sentence.text, start)
    if found is None:
        return None
    sign = "percent" if found["sign"] == "%" else "per mille"
    return Reading(found.end(), f"{found['number']} {sign}", quantity=True)


def read_scaled(sentence: Sentence, start: int) -> Reading | None:
    """`10k users`, `2.5M`; a capital K behind a small number stays: "4K video"."""
    text = sentence.text
    if found := _SCIENTIFIC.match(text, start):
        power = found["power"].replace("-", "minus ").lstrip("+")
        said = f"{found['number']} times 10 to the power of {power}"
        return Reading(found.end(), said, quantity=True)
    if (found := _grouped(sentence, start)) or (found := _FIFTY.match(text, start)):
        separator = " " if found.group() == "50-50" else ""
        said = re.sub(r"[ .-]", separator, found.group())
        return Reading(found.end(), said, quantity=True)
    found = _SCALED.match(text, start)
    if found is None or sentence.text[start - 1 : start] == "-":
        return None
    number, scale = plain(found["number"]), found["scale"].strip()
    few = float(number) < _LEAST_UPPER_K
    if scale == "K" and few and not sentence.has_plural_after(found.end()):
        return None
    return Reading(found.end(), f"{number} {SCALES[scale]}", quantity=True)


def _grouped(sentence: Sentence, start: int) -> re.Match[str] | None:
    """Thousands between spaces or dots: `10 000` and `1.000.000`."""
    text = sentence.text
    if found := _DOTTED.match(text, start):
        return found if found.group().count(".") != 3 else None
    found = _SPACED.match(text, start)
    if found is None or text[start - 2 : start - 1].isdigit():
        return None
    certain = " 000" in found.group() or sentence.has_plural_after(found.end())
    return found if certain else None


def _written(sentence: Sentence, found: re.Match[str]) -> Reading | None:
    spaced = " " in found.group()[len(found["whole"] or "") :].strip()
    top, bottom, end = int(found["top"]), int(found["bottom"]), found.end()
    start = found.start()
    if spaced:
        return None
    cued = bool(set(sentence.words_before(start, 4)) & _SCORES)
    if not found["whole"] and (cued or sentence.word_after(end) == "stars"):
        return Reading(end, f"{top} out of {bottom}", quantity=True)
    if not found["whole"] and (top, bottom) in _SAID_APART:
        return Reading(end, f"{top} {bottom}", quantity=True)
    if not 0 < top < bottom or (bottom > _LARGEST_BOTTOM and bottom != 1000):
        return None
    return Reading(end, _said(found["whole"], top, bottom), quantity=True)


def _said(whole: str | None, top: int, bottom: int) -> str:
    if bottom == 0:
        return ""
    one, many = _PARTS.get(bottom) or (ordinal_word(bottom), f"{ordinal_word(bottom)}s")
    if top == 1:
        said = f"{'a' if whole else 'one'} {one}"
    else:
        said = f"{cardinal_word(top) if top <= _MOST_WORDS else top} {many}"
    return f"{whole} and {said}" if whole else said
