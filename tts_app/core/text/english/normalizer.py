"""English as it is said: one walk over the text, in which each grammar reads its spans.

At every token the grammars that can begin there are asked in the order of the table;
the longest reading is taken, and the first of equally long ones. No grammar ever sees
the words of another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits

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

_LETTERS = ascii_lowercase + ascii_uppercase
_ANY = ""
_NONE = " "
AT_NUMBER: tuple[tuple[str, str, Grammar], ...] = (
    ("-.(", f"{digits}(", read_phone),
    (f"/.stnr{DASHES}", f"JFMASONDo{DASHES}", read_date),
    (f":apAP{DASHES}", f"apAP{DASHES}", read_time),
    ("hm", "hm", read_duration),
    (_ANY, f"{_LETTERS}{digits}{''.join(SIGNS)}{DASHES}", read_money_after),
    ("'′’fi\"″.", "fi", read_height),
    (_ANY, _ANY, read_years),
    (f"{_LETTERS}°µμΩ℃℉.,×{DASHES}", f"{_LETTERS}°µμΩ℃℉×{DASHES}", read_quantity),
    ("%‰.,", "%‰", read_percent),
    (f"/⁄-.{VULGAR_FRACTIONS}", f"{digits}/⁄{VULGAR_FRACTIONS}", read_fraction),
    ("kKMBmbeE.,-", f"{digits}mb", read_scaled),
    (_ANY, _ANY, read_code),
    ("xX×.", _NONE, read_multiple),
    (":", _NONE, read_ratio),
)
"""What follows the first digits where each grammar reads on: the next character, or the
one behind a space."""
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
_TOKEN = rf"(\d+(?:[.,]\d+)*|{_LETTER}+(?:['’]{_LETTER}+)*|.)\s*"
_PLAIN = (
    r"((?:(?:(?!(?:[Aa]pprox|[Ee]tc|[Aa]ka|mph|kph|lbs|[KkMGT]bps|[Tt]bsp|Mrs|Prof|Sgt|Capt"
    r"|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun))"
    r"[A-Z]?[a-z]{3,}|an?|of|to|is|in|it|at|on|or|as|by|be|we|he|do|if|so|up|us|my|me|no|go"
    r"|am|The|She|You|And|But)(?:'[a-z]+)?[,;:]? +)+)"
)
"""Words at which no grammar begins, for speed: most of a text."""
_AFTER_QUANTITY = re.compile(f"(?!){_PLAIN}|{_TOKEN}", re.DOTALL)
_NEXT = re.compile(f"{_PLAIN}|{_TOKEN}", re.DOTALL)
_BEHIND = re.compile(r"\d*( .|.)", re.DOTALL)
_LONGEST_INITIALS = 2
_ROMAN = re.compile(r"[IVXLCDM]+|[ivx]+")


def expand_english(clause: str) -> str:
    """The clause with everything written out that voices read badly."""
    sentence, said = Sentence(clause), _Words()
    at = 0
    while at < len(clause):
        found = (_AFTER_QUANTITY if sentence.after_quantity else _NEXT).match(
            clause, at
        )
        assert found is not None  # noqa: S101 - a token is any character
        token = found[2]
        reading = _longest(sentence, token, at) if token else None
        if reading is None:
            said.add_text(found.group())
            at = found.end()
            sentence.pass_over(token or found[1])
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
        end = at + len(token)
        return _at_word(token, sentence.text[end : end + 1], sentence.after_quantity)
    is_decimal = first == "." and sentence.text[at + 1 : at + 2].isdecimal()
    if first.isdecimal() or is_decimal:
        return () if sentence.is_glued(at) else _at_number(_behind(sentence.text, at))
    is_plain = first in _PLAIN_STOPS and sentence.text[at : at + 2] != "!="
    return () if is_plain else _at_sign(first)


def _behind(text: str, at: int) -> str:
    """The character behind the digits, or a space and the one behind it."""
    found = _BEHIND.match(text, at)
    return found[1] if found else ""


@lru_cache(maxsize=1_024)
def _at_number(behind: str) -> tuple[Grammar, ...]:
    last = behind[-1:]

    def may_read(glued: str, spaced: str) -> bool:
        where = spaced if len(behind) > 1 else glued
        return where == _ANY or (last != "" and last in where)

    return tuple(
        grammar for glued, spaced, grammar in AT_NUMBER if may_read(glued, spaced)
    )


@lru_cache(maxsize=256)
def _at_sign(sign: str) -> tuple[Grammar, ...]:
    return tuple(grammar for signs, grammar in AT_SIGN if not signs or sign in signs)


@lru_cache(maxsize=8_192)
def _at_word(word: str, following: str, after_quantity: bool) -> tuple[Grammar, ...]:
    bare = word.removesuffix("'s").removesuffix("’s")
    is_short = following == "." and len(word) <= _LONGEST_INITIALS
    asked = (
        (read_abbreviation, is_short or word in ABBREVIATIONS),
        (read_initials, is_short or (following == "." and word in ABBREVIATIONS)),
        (read_letter, word == "A"),
        (read_money_before, word in CODES or (following == "$" and word in PREFIXES)),
        (read_named_date, word in DATE_WORDS),
        (read_lone_unit, word in CLEAR_UNITS or after_quantity),
        (read_factors, bool(following) and following in f"{SUPERSCRIPTS}^"),
        (read_operator, word in ("x", "X")),
        (read_roman, _ROMAN.fullmatch(bare) is not None),
        (read_greek, not word.isascii()),
    )
    return tuple(grammar for grammar, can_begin in asked if can_begin)


class _Words:
    """Text and spoken words, with spaces between them where none were."""

    def __init__(self) -> None:
        self._parts: list[str] = []
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
