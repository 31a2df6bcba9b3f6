"""English as it is said: one walk over the text, in which each grammar reads its spans.

At every token the grammars that can begin there are asked in the order of the table;
the longest reading is taken, and the first of equally long ones. No grammar ever sees
the words of another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tts_app.core.text.english.basics.abbreviation_names import ABBREVIATIONS
from tts_app.core.text.english.basics.sentence import Grammar, Reading, Sentence
from tts_app.core.text.english.basics.unit_names import CLEAR_UNITS
from tts_app.core.text.english.grammars.abbreviations import (
    read_abbreviation,
    read_initials,
    read_letter,
)
from tts_app.core.text.english.grammars.arithmetic import (
    COMPARISONS,
    DASHES,
    OPERATORS,
    SUPERSCRIPTS,
    read_comparison,
    read_dash,
    read_factors,
    read_multiple,
    read_operator,
    read_superscript,
)
from tts_app.core.text.english.grammars.dates import (
    DATE_WORDS,
    read_date,
    read_named_date,
)
from tts_app.core.text.english.grammars.digits import read_code, read_phone
from tts_app.core.text.english.grammars.fractions import (
    VULGAR_FRACTIONS,
    read_fraction,
    read_percent,
    read_scaled,
)
from tts_app.core.text.english.grammars.money import (
    CODES,
    PREFIXES,
    SIGNS,
    read_money_after,
    read_money_before,
)
from tts_app.core.text.english.grammars.roman import read_roman
from tts_app.core.text.english.grammars.symbols import read_greek, read_symbol
from tts_app.core.text.english.grammars.times import (
    read_duration,
    read_ratio,
    read_time,
)
from tts_app.core.text.english.grammars.units import (
    read_height,
    read_lone_unit,
    read_quantity,
)
from tts_app.core.text.english.grammars.years import read_years

AT_NUMBER: tuple[Grammar, ...] = (
    read_phone,
    read_date,
    read_time,
    read_duration,
    read_money_after,
    read_height,
    read_years,
    read_quantity,
    read_percent,
    read_fraction,
    read_scaled,
    read_code,
    read_multiple,
    read_ratio,
)
AT_SIGN: tuple[tuple[str, Grammar], ...] = (
    ("".join(SIGNS), read_money_before),
    ("+(", read_phone),
    (COMPARISONS, read_comparison),
    (OPERATORS, read_operator),
    (SUPERSCRIPTS, read_superscript),
    (VULGAR_FRACTIONS, read_fraction),
    ("'’", read_years),
    (DASHES, read_dash),
    ("°℃℉", read_lone_unit),
    ("", read_symbol),
)
"""The signs that each grammar begins with; none means all. A reading of the same length
further up wins."""

_LETTER = r"[^\W\d_\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u218f]"
"""Without superscripts and the signs of fractions, which Python counts as letters."""
_TOKEN = re.compile(rf"(\d+(?:[.,]\d+)*|{_LETTER}+(?:['’]{_LETTER}+)*|.)\s*", re.DOTALL)
_PLAIN = re.compile(
    r"((?:(?:(?!(?:approx|etc|aka|mph|kph|lbs|kbps)\b)[a-z]{3,}|an?|of|to|is|in|it|at|on|or|as"
    r"|by|be|we|he|do|if|so|up|us|my|me|no|go|am)(?:'[a-z]+)?[,;:]? +)+)(?=[^\W\d_])"
)
"""Words at which no grammar begins, for speed: most of a text."""
_ROMAN = re.compile(r"[IVXLCDM]+|[ivx]+")


def expand_english(clause: str) -> str:
    """The clause with everything written out that voices read badly."""
    sentence, said = Sentence(clause), _Words()
    at = 0
    while at < len(clause):
        plain = None if sentence.after_quantity else _PLAIN.match(clause, at)
        found = plain or _TOKEN.match(clause, at)
        assert found is not None  # noqa: S101 - a token is any character
        reading = None if plain else _longest(sentence, found[1], at)
        if reading is None:
            said.add_text(found.group())
            at = found.end()
            sentence.pass_over(found[1])
        else:
            said.add_words(reading.words)
            at = sentence.read_until = reading.end
            sentence.after_quantity = reading.quantity
    return said.joined()


def _longest(sentence: Sentence, token: str, at: int) -> Reading | None:
    best = None
    for grammar in _grammars(sentence, token, at):
        reading = grammar(sentence, at)
        if reading and reading.end > at and (best is None or reading.end > best.end):
            best = reading
    return best


def _grammars(sentence: Sentence, token: str, at: int) -> Iterable[Grammar]:
    first = token[0]
    if first.isalpha():
        return _at_word(sentence, token, at)
    is_decimal = first == "." and sentence.text[at + 1 : at + 2].isdecimal()
    if first.isdecimal() or is_decimal:
        return () if sentence.is_glued(at) else AT_NUMBER
    is_plain = first in _PLAIN_STOPS and sentence.text[at : at + 2] != "!="
    return () if is_plain else _at_sign(first)


@lru_cache(maxsize=256)
def _at_sign(sign: str) -> tuple[Grammar, ...]:
    return tuple(grammar for signs, grammar in AT_SIGN if not signs or sign in signs)


def _at_word(sentence: Sentence, word: str, at: int) -> Iterator[Grammar]:
    following = sentence.text[at + len(word) : at + len(word) + 1]
    if following == "." and (len(word) <= 2 or word in ABBREVIATIONS):
        yield read_abbreviation
        yield read_initials
    elif word in ABBREVIATIONS:
        yield read_abbreviation
    if word == "A":
        yield read_letter
    if word in CODES or (following == "$" and word in PREFIXES):
        yield read_money_before
    if word in DATE_WORDS:
        yield read_named_date
    if word in CLEAR_UNITS or sentence.after_quantity:
        yield read_lone_unit
    if following and following in SUPERSCRIPTS + "^":
        yield read_factors
    if word in ("x", "X"):
        yield read_operator
    if _ROMAN.fullmatch(word.removesuffix("'s").removesuffix("’s")):
        yield read_roman
    if not word.isascii():
        yield read_greek


class _Words:
    """Text and spoken words, with spaces between them where none were."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._end = ""
        self._wants_gap = False

    def add_text(self, text: str) -> None:
        if self._wants_gap and text[0].isalnum():
            self._parts.append(" ")
        self._parts.append(text)
        self._wants_gap = False

    def add_words(self, words: str) -> None:
        if not words:
            return
        last = self._parts[-1][-1:] if self._parts else ""
        if words[0].isalnum() and last and (last.isalnum() or last in _NEEDS_GAP_AFTER):
            self._parts.append(" ")
        self._parts.append(words)
        self._wants_gap = words[-1].isalnum()

    def joined(self) -> str:
        return _SPACES.sub(
            " ", _SPACE_BEFORE_STOP.sub(r"\1", "".join(self._parts))
        ).strip()


_PLAIN_STOPS = frozenset(',.;!?)"“”')
_NEEDS_GAP_AFTER = "%,;:!?)"
_SPACES = re.compile(r" {2,}")
_SPACE_BEFORE_STOP = re.compile(r" +([,;:.!?](?:\s|$))")
