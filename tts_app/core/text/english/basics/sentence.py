"""What a grammar of English sees of a clause, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from tts_app.core.text.english.basics.vocabulary import word_set

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
"""Digits in groups of three or in one row, and decimals."""
DASH = r"[-\u2010-\u2013\u2212]"
"""Hyphens, the en dash and the minus sign; the em dash is always a pause."""

_SUM = re.compile(
    r"[\w)%]\s*(?:[!=<>]?=|[<>≠≈≤≥]|\+|\*\*?|×|÷|\^|√)\s*[\w(.$€£√-]"
    r"|\b(?:what is|what's|how much is|calculate|compute|subtract|solve|evaluate)\b",
    re.IGNORECASE,
)
_OPERAND = r"[\d.,()$€£%√²³π\s+*/×÷^=<>≈≠≤≥!−–-]|(?<![^\W\d_])[A-Za-z](?![^\W\d_])"
_OPERANDS_BEFORE = re.compile(rf"(?:{_OPERAND})*\Z")
_OPERANDS_AFTER = re.compile(rf"(?:{_OPERAND}){{0,60}}")
_OPERATOR = re.compile(r"[=+*×÷^<>≈≠≤≥]|\d\s?/\s?\d")
_ASKED = re.compile(
    r"\b(?:what is|what's|how much is|calculate|compute|subtract|solve|evaluate)\b",
    re.IGNORECASE,
)
_WORD_BEFORE = re.compile(r"[^\W\d_][^\W\d_'’]*\Z")
_WORD_AFTER = re.compile(r"[ -]([a-z][a-z'’]*)")
_ANY_WORD_AFTER = re.compile(r"[ -]([^\W\d_][^\W\d_'’]*)")
_NAME_WITH_HYPHEN = re.compile(r"([^\W\d_]+)\d*-\Z")
_PREFIXES = word_set(
    "mid pre post non sub early late over under around circa from to pro anti"
)
_MOST_CLOSERS = 12
_LONGEST_WORD = 24

_DETERMINERS = word_set(
    "a an the this that each every another any per first second third last next my your"
    " his her its our their no these those two three four five six several many some"
    " both few"
)
_FUNCTION_WORDS = word_set(
    "a about above across after again against ago all along also although am an and any"
    " apart are around as at away back be because been before behind being below beside"
    " between beyond both but by can could daily did do does down during each east else"
    " even ever every everything except for from further had has have he her here high"
    " him his how i if in inside into is it its just last later less like long lower may"
    " me might minus more most much must my near never next no nor north northeast"
    " northwest not now of off old on once one only onto or other our out outside over"
    " past per plus really said same she should since so some south southeast southwest"
    " still such tall than that the their them then there these they thick this those"
    " though through throughout times to today together tomorrow tonight too toward"
    " towards under until up upon us versus very via vs was we were west what when where"
    " whereas whether which while who whom whose why wide will with within without worth"
    " would yesterday yet you your total extra deep early late available left remaining"
    " faster slower bigger smaller larger higher heavier lighter longer shorter wider"
    " cheaper better worse"
)
_PLURALS = word_set(
    "people men women children feet sheep fish deer police cattle persons mice teeth"
    " geese"
)
_NO_PLURALS = word_set(
    "is was has as its this us does his yes plus minus thus always perhaps besides"
    " sometimes afterwards versus towards"
)


def tail(text: str, end: int, most: int = 60) -> str:
    """The characters before `end`: enough for what a grammar asks, however long the
    text is."""
    return text[max(0, end - most) : end]


@dataclass(frozen=True, slots=True)
class Reading:
    """The words for a stretch of the text."""

    end: int
    """Where the stretch ends."""
    words: str
    """Empty when nothing of it is said."""
    quantity: bool = False
    """Whether it is a number, so that an operator or a range can follow."""


class Sentence:
    """A clause, and what the grammars ask about it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.after_quantity = False
        """Whether a number was read just before, spaces aside."""
        self.read_until = 0
        """Where the last stretch that a grammar read ends."""

    def pass_over(self, token: str) -> None:
        """A token stays as it is."""
        if token[0].isdecimal():
            self.after_quantity = True
        elif not token.isspace() and token not in (")", "!"):
            self.after_quantity = False

    def is_glued(self, at: int) -> bool:
        """Whether it belongs to the letters on its left, as in "MP3" and "COVID-19"."""
        if at == 0 or self.read_until == at:
            return False
        if self.text[at - 1].isalpha():
            return True
        name = _NAME_WITH_HYPHEN.search(self.text[max(0, at - _LONGEST_WORD) : at])
        return name is not None and name[1].lower() not in _PREFIXES

    @cached_property
    def is_sum(self) -> bool:
        """Whether it has arithmetic in it, so that a hyphen is a minus."""
        return bool(_SUM.search(self.text))

    def is_in_sum(self, start: int, end: int) -> bool:
        """Whether the sign between these places belongs to arithmetic: a question for
        a result, or another operator among the operands around it."""
        if not self.is_sum:
            return False
        before = _OPERANDS_BEFORE.search(tail(self.text, start))
        after = _OPERANDS_AFTER.match(self.text, end)
        around = (before.group() if before else "") + (after.group() if after else "")
        return bool(_OPERATOR.search(around) or _ASKED.search(self.text))

    def word_before(self, start: int) -> str:
        """The word that ends before `start`, in lower case; only a space, a quote or a
        bracket may stand between."""
        before = self.text[max(0, start - _LONGEST_WORD) : start].rstrip(" (\"“'‘")
        found = _WORD_BEFORE.search(before)
        return found.group().lower() if found else ""

    def words_before(self, start: int, count: int) -> list[str]:
        """The words before `start`, in lower case, the nearest first."""
        before = self.text[max(0, start - _LONGEST_WORD * count) : start]
        words = before.split()[-count:]
        return [word.strip(",.:;()\"“”'’").lower() for word in reversed(words)]

    def word_after(self, end: int) -> str:
        """The word in small letters that follows, or an empty string."""
        found = _WORD_AFTER.match(self.text, end)
        return found[1] if found else ""

    def has_plural_after(self, end: int) -> bool:
        """Whether a noun in the plural follows, so that the number counts it."""
        word = self.word_after(end)
        if word in _PLURALS:
            return True
        return (
            len(word) > 3
            and word.endswith("s")
            and not word.endswith(("ss", "'s"))
            and (word not in _NO_PLURALS)
        )

    def is_attributive(self, start: int, end: int) -> bool:
        """Whether the quantity stands before a noun, as in "a 5 kg bag"."""
        found = _ANY_WORD_AFTER.match(self.text, end)
        following = found[1].lower() if found else ""
        if not following or following in _FUNCTION_WORDS:
            return False
        return not following.endswith("ly") and self._is_determined(start)

    def _is_determined(self, start: int) -> bool:
        before = self.words_before(start, 2)
        if not before:
            return False
        return before[0] in _DETERMINERS or (
            len(before) > 1 and before[1] in ("a", "an")
        )

    def ends_at(self, end: int) -> bool:
        """Whether only closing quotes and brackets follow."""
        left = len(self.text) - end
        return left <= _MOST_CLOSERS and not self.text[end:].strip("\"'”’») ")


Grammar = Callable[[Sentence, int], Reading | None]
"""Reads what begins at this place of the text; None when it is not of its kind."""
