"""Splits streamed text into clauses that can be spoken one by one.

The first clause is short, for early audio; later ones are sentences, because whole
sentences sound better.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import sentencex

from tts_app.core.text.english.boundaries import (
    ends_here,
    goes_on,
    joins_on,
    never_ends,
)
from tts_app.core.text.english.normalizer import expand_english
from tts_app.core.text.markdown import Break, MarkdownReader, Word
from tts_app.core.text.other_languages import abbreviates, expand_other
from tts_app.core.text.scripts import foreign_language, without_foreign
from tts_app.core.text.words import speakable

FIRST_CAP = 80
SECOND_CAP = 140
LATER_CAP = 200
"""Longest clauses, in Latin letters; Chinese characters count three times."""
MIN_FIRST_LETTERS = 10
MIN_FIRST_WORDS = 2
MIN_SECOND = 40
HURRIED_WORDS = 8
LEAST_HURRIED_WORDS = 4
"""For slow text: this many words before the cut are enough to start."""

_WIDE_WEIGHT = 3
_CLOSERS = "\"'”’»)）」』】"
_SOFT_ENDS = ",;:—–…，、；："
_HARD_ENDS = ".!?。！？…։؟۔।॥።၊။"
_LAST_SOFT = re.compile(r"[,;:—–，、；：][\"'”’»)）]*")
_DASHES = ("-", "–", "—", "--", "−")
_LONG_DASHES = ("—", "--")
_MINUEND = re.compile(
    r"(?:\d\S*(?: [A-Za-z]{1,3})?|\)|(?<![\w'’])[b-hj-zB-HJ-Z]|[²³])$"
)
"""What a minus can follow: a number with its unit, or a letter that is not a word."""
_LONGEST_MINUEND = 24
_BINDS = re.compile(r" (?:\S*\d|(?:Dr|Mr|Mrs|Ms|Prof|No|St)\.?)$")
_MINUS = re.compile(r"[\w)%²³°.] [-–−]$")
_PHONEMES = re.compile(r"(\[\[.*?\]\])")
_OPERATORS = "=+*/<>^×÷≠≈≤≥"
"""No sentence begins with them."""
_RUNS = re.compile(r"[A-Za-z]+|.", re.DOTALL)
_ONLY_STOPS = re.compile(r"^[,;:.!?…]+$")


@dataclass(frozen=True)
class Clause:
    """One clause."""

    text: str
    rate: float = 1.0
    """Times the speed of the request."""
    language: str = ""
    """Another one than that of the text, for a voice that speaks it."""


class SpeechText:
    """Pieces of text in, clauses to speak out; any split gives the same clauses.

    `others` are the codes of further languages that have a voice: clauses in their
    scripts are given for it, instead of without their letters.
    """

    def __init__(self, language: str = "en", others: Collection[str] = ()) -> None:
        self._reader = MarkdownReader()
        code = language.replace("_", "-").split("-")[0].lower()
        self._cutter = _ClauseCutter(code, others)

    def push(self, piece: str) -> list[str]:
        """The texts of the clauses that are complete now."""
        return [clause.text for clause in self.iterate(piece)]

    def finish(self) -> list[str]:
        """As `rest`, the texts alone."""
        return [clause.text for clause in self.rest()]

    def rest(self) -> Iterator[Clause]:
        """What is left when the text has ended."""
        yield from self._cut(self._reader.finish())
        yield from self._cutter.end()

    def hurry(self) -> Iterator[Clause]:
        """The beginning of the first clause, if it is long enough to be spoken alone.
        For text that arrives slower than speech.
        """
        yield from self._cutter.hurry()

    def raw(self, phonemes: str, spaced: bool | None = None) -> Iterator[Clause]:
        """Phonemes between the words; passed through unchanged, in `[[...]]`."""
        yield from self._cut(self._reader.verbatim(f"[[{phonemes}]]", spaced))

    def cut(self, *, open_ended: bool = False) -> Iterator[Clause]:
        """What is left, as at the end of a paragraph; more text may follow.

        Open-ended, the voice is told that the sentence goes on.
        """
        for clause in self.rest():
            goes_on = open_ended and clause.text[-1:].isalnum()
            yield replace(clause, text=f"{clause.text},") if goes_on else clause

    def iterate(self, piece: str) -> Iterator[Clause]:
        """The complete clauses; the first comes before the rest has been read."""
        for run in _RUNS.findall(piece):
            yield from self._cut(self._reader.push(run))

    def _cut(self, atoms: Iterable[Word | Break]) -> Iterator[Clause]:
        for atom in atoms:
            if isinstance(atom, Word):
                yield from self._cutter.add(atom)
            else:
                yield from self._cutter.end()


class _ClauseCutter:
    """Words in, clauses out."""

    def __init__(self, language: str, others: Collection[str]) -> None:
        self._language = language
        self._others = others
        self._is_english = language == "en"
        self._text = ""
        self._given = 0

    def add(self, word: Word) -> Iterator[Clause]:
        text, gap = word.text, " " if word.spaced else ""
        if text in _DASHES and (text in _LONG_DASHES or not self._may_be_minuend()):
            text = ","
        if _ONLY_STOPS.match(text):
            gap = ""
            if self._text.rstrip(_CLOSERS)[-1:] in _SOFT_ENDS + _HARD_ENDS:
                return
        if not gap and not self._text.strip():
            text = text.lstrip(",;:")
        if self._is_sentence(text):
            yield from self._give(self._text)
        parts = iter((text,)) if word.verbatim else _pieces(text, self._cap)
        for part in parts:
            if self._text and _weight(self._text) + _weight(part) > self._cap:
                yield from self._make_room(inside_word=not gap)
            self._text = f"{self._text}{gap}{part}" if self._text else part
            gap = ""
        if self._may_cut_softly():
            yield from self._give(self._text)

    def end(self) -> Iterator[Clause]:
        """The text ends here, or a heading or a paragraph does."""
        yield from self._give(self._text)

    def hurry(self) -> Iterator[Clause]:
        """The first words up to a conjunction, if there are enough of them."""
        if self._given or len(self._text.split()) < HURRIED_WORDS:
            return
        cuts = [
            at
            for at in self._joints()
            if len(self._text[:at].split()) >= LEAST_HURRIED_WORDS
        ]
        if cuts:
            yield from self._cut_at(cuts[-1])

    @property
    def _cap(self) -> int:
        return (FIRST_CAP, SECOND_CAP)[self._given] if self._given < 2 else LATER_CAP

    def _may_be_minuend(self) -> bool:
        return bool(_MINUEND.search(self._text[-_LONGEST_MINUEND:]))

    def _is_sentence(self, following: str) -> bool:
        if not self._text.rstrip(_CLOSERS).endswith(tuple(_HARD_ENDS)):
            return False
        if following[0] in _OPERATORS:
            return False
        if self._is_english and never_ends(self._text, following):
            return False
        if abbreviates(self._language, self._text):
            return False
        if self._is_english and ends_here(self._text, following):
            return True
        parts = sentencex.segment(self._language, f"{self._text} {following}")
        return len(parts) > 1 and parts[-1].lstrip(_CLOSERS + " ") == following

    def _may_cut_softly(self) -> bool:
        if not self._text.rstrip(_CLOSERS).endswith(tuple(_SOFT_ENDS)):
            return False
        if self._is_english and (goes_on(self._text) or _MINUS.search(self._text)):
            return False
        if self._given == 0:
            letters = sum(_weight(c) for c in self._text if c.isalnum())
            words = len(self._text.split())
            wide = _weight(self._text) > len(self._text)
            return letters >= MIN_FIRST_LETTERS and (wide or words >= MIN_FIRST_WORDS)
        return self._given == 1 and _weight(self._text) >= MIN_SECOND

    def _make_room(self, *, inside_word: bool) -> Iterator[Clause]:
        """Cut at the last comma of the second half, else before a joining word there,
        else where we are."""
        middle = len(self._text) * 2 // 5
        softs = [m.end() for m in _LAST_SOFT.finditer(self._text) if m.end() > middle]
        softs = [end for end in softs if self._text[end : end + 1] in ("", " ")]
        if not softs:
            softs = [at for at in self._joints() if at > middle]
        cut = softs[-1] if softs else self._last_gap(middle)
        yield from self._cut_at(cut, inside_word=inside_word)

    def _last_gap(self, least: int) -> int:
        """The end, or before a last word that the next one belongs to, as in "5 km"."""
        found = _BINDS.search(self._text)
        return found.start() if found and found.start() > least else len(self._text)

    def _joints(self) -> list[int]:
        can_tell = self._is_english and "[[" not in self._text
        return joins_on(self._text) if can_tell else []

    def _cut_at(self, cut: int, *, inside_word: bool = False) -> Iterator[Clause]:
        head, rest = self._text[:cut].strip(), self._text[cut:].strip()
        # The comma keeps the voice from falling in the middle of a sentence.
        goes_on = head[-1].isalnum() and not (inside_word and head.isascii())
        yield from self._give(f"{head}," if goes_on else head)
        self._text = rest

    def _give(self, text: str) -> Iterator[Clause]:
        self._text = ""
        other = foreign_language(text, self._language, self._others)
        clause = _expanded(text.strip(), other or self._language)
        if not speakable(clause):
            return
        self._given += 1
        yield Clause(clause, language=other)


def _expanded(clause: str, language: str) -> str:
    """In words, for what voices read badly; phonemes stay unchanged."""
    parts = _PHONEMES.split(clause)
    return "".join(
        part if part.startswith("[[") else _in_words(part, language) for part in parts
    )


def _in_words(text: str, language: str) -> str:
    bare = text.strip()
    before, _, after = text.partition(bare) if bare else (text, "", "")
    readable = without_foreign(bare, language)
    expand = expand_english if language == "en" else partial(expand_other, language)
    return f"{before}{expand(readable)}{after}"


def _weight(text: str) -> int:
    """Length in units of speaking time."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + (_WIDE_WEIGHT - 1) * wide


def _pieces(word: str, cap: int) -> Iterator[str]:
    """The word in parts that each fit into a clause; marks stay with their letter."""
    if _weight(word) <= cap:
        yield word
        return
    part = ""
    for character in word:
        is_mark = unicodedata.category(character)[0] == "M"
        if part and not is_mark and _weight(part) + _weight(character) > cap:
            yield part
            part = ""
        part += character
    yield part
