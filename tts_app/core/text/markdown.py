"""Markdown as it streams in, turned into spoken words and breaks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tts_app.core.text.words import (
    is_mark,
    is_ordinary,
    normal_character,
    spoken,
)

MAX_WORD = 200
MAX_HELD = 400
"""A link or tag that is longer than this is read as plain words."""
MAX_ADDRESS = 4_096
MAX_MARKS = 6
"""Marks on one letter; no script needs more."""

_WIDE_STOPS = frozenset("。！？；，、：．")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_REFERENCE = re.compile(r"(?<=\])\[[^\[\]]*\]|\[\^[^\[\]]*\]:?")
_TAG = re.compile(
    r"<!--.*?-->|</?(?:a|abbr|b|blockquote|br|center|code|del|div|em|font|h[1-6]|hr|i"
    r"|img|ins|kbd|li|mark|ol|p|pre|q|s|small|span|strike|strong|sub|sup|table|tbody|td"
    r"|th|thead|tr|tt|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE | re.DOTALL,
)
_SPACING_TAG = re.compile(r"</?(?:br|p|div|li|tr|td|th|h[1-6]|hr|img)\b", re.IGNORECASE)
_FENCE = re.compile(r"^(`{3,}|~{3,})")
_HEADING = re.compile(r"^#{1,6}$")
_BULLET = re.compile(r"^[-*+•‣◦–—]$")
_NUMBERED = re.compile(r"^(\d{1,2})[.)]$")
_QUOTE = re.compile(r"^>+(?!=?[$€£]?\.?\d)")
_RULE = re.compile(r"^[-*_=]{3,}$")
_MOST_OF_VERSE = 60
"""A longer line that breaks before a capital is wrapped prose, not a verse or a list."""
_MOST_OF_ITEM = 20
_MOST_WORDS_OF_ITEM = 3
"""The same for a line that breaks before a small letter."""
_LEADS_ON_WORDS = "a an the and or but of to in on at by for from with as is are"
_LEADS_ON = frozenset(_LEADS_ON_WORDS.split())
"""No line of a list ends with one of these."""
_TASK = re.compile(r"^\[[ xX]?\]$")


@dataclass(frozen=True)
class Word:
    """A piece of text to say, and whether a space stands before it."""

    text: str
    spaced: bool = True
    verbatim: bool = False
    """Whether it stays as it is, and in one piece."""


@dataclass
class _Line:
    """What was said of a line."""

    letters: int = 0
    words: int = 0
    last_word: str = ""
    is_quote: bool = False

    def add(self, word: str) -> None:
        self.letters += len(word) + 1
        if not word.isascii():
            self.letters += sum(unicodedata.east_asian_width(c) in "WF" for c in word)
        self.words += 1
        self.last_word = word

    def pauses_before(self, word: str) -> bool:
        """Whether this is a line of a list or a poem, and the word begins the next one."""
        if not self.words or self.last_word.lower() in _LEADS_ON:
            return False
        if word[:1].isalpha() and not word[:1].islower():
            return self.letters <= _MOST_OF_VERSE
        is_short = self.letters <= _MOST_OF_ITEM and self.words <= _MOST_WORDS_OF_ITEM
        return is_short and not self.is_quote


@dataclass(frozen=True)
class Break:
    """The end of a heading, list item, table row or paragraph."""


Atom = Word | Break


class MarkdownReader:
    """Characters in, words and breaks out.

    Every decision rests on the characters so far and never on how they were
    split, so any split of a text gives the same words.
    """

    def __init__(self) -> None:
        self._word = ""
        self._spaced = True
        self._marks = 0
        self._skip_word = False
        self._at_line_start = True
        self._line_is_block = False
        self._line_is_blank = True
        self._fence = ""
        self._in_code = False
        self._line = _Line()
        self._line_before = _Line()

    def push(self, text: str) -> Iterator[Atom]:
        """One character, or a few plain letters in one go."""
        fits = not self._skip_word and len(self._word) + len(text) < MAX_WORD
        if fits and text.isalpha() and text.isascii():
            self._word += text
            self._marks = 0
            self._line_is_blank = False
            return
        for character in text:
            yield from self._push(character)

    def _push(self, character: str) -> Iterator[Atom]:
        for normal in normal_character(character):
            if normal == "\n":
                yield from self._end_line()
            elif normal == " ":
                yield from self._space()
            else:
                yield from self._letter(normal)

    def verbatim(self, text: str, spaced: bool | None = None) -> Iterator[Atom]:
        """A word that is not Markdown; by default spaced as the text before it says."""
        yield from self._end_word()
        yield Word(text, self._spaced if spaced is None else spaced, verbatim=True)
        self._spaced = self._at_line_start = self._line_is_blank = False

    def finish(self) -> Iterator[Atom]:
        yield from self._end_word()
        yield Break()

    def _letter(self, character: str) -> Iterator[Atom]:
        self._marks = self._marks + 1 if is_mark(character) else 0
        if self._skip_word or self._marks > MAX_MARKS:
            return
        self._word += character
        self._line_is_blank = False
        if len(self._word) < MAX_WORD and character not in _WIDE_STOPS:
            return
        if len(self._word) < MAX_HELD and _holds(self._word):
            return
        yield from self._cut_word(character)

    def _cut_word(self, character: str) -> Iterator[Atom]:
        """End a word without a space: after a wide stop, or because it is too long."""
        is_address = "://" in self._word or self._word.startswith("www.")
        if character in _WIDE_STOPS or not is_address:
            yield from self._end_word()
            self._spaced = False
        elif len(self._word) >= MAX_ADDRESS:
            yield from self._end_word()
            self._skip_word = True

    def _space(self) -> Iterator[Atom]:
        if len(self._word) < MAX_HELD and _holds(self._word):
            self._word += " "
            return
        yield from self._end_word()
        self._skip_word = False
        self._spaced = True

    def _end_line(self) -> Iterator[Atom]:
        yield from self._end_word()
        is_plain = not (self._line_is_block or self._line_is_blank or self._in_code)
        if self._line_is_block or self._line_is_blank:
            yield Break()
        self._line_before, self._line = self._line if is_plain else _Line(), _Line()
        if self._in_code and not self._fence:
            self._in_code = False
        self._skip_word = False
        self._spaced = self._at_line_start = self._line_is_blank = True
        self._line_is_block = False

    def _end_word(self) -> Iterator[Atom]:
        word, self._word, self._marks = self._word, "", 0
        if not word:
            return
        if self._at_line_start:
            was_block = self._line_is_block
            word = self._without_block_mark(word)
            if self._line_is_block and not was_block:
                yield Break()
        if word and not self._in_code:
            self._at_line_start = False
            yield from self._plain(word)

    def _plain(self, word: str) -> Iterator[Atom]:
        """The words of what was held together: a word, a link or a tag."""
        if is_ordinary(word):
            yield from self._spoken(word)
            return
        word = _LINK.sub(r"\1", _REFERENCE.sub("", word).replace(")[", ") ["))
        for part in _TAG.sub(_gap, word).split():
            if text := spoken(part):
                yield from self._spoken(text)

    def _spoken(self, text: str) -> Iterator[Atom]:
        if self._line_before.words:
            if self._line_before.pauses_before(text):
                yield Word(",", spaced=False)
            self._line_before = _Line()
        self._line.add(text)
        yield Word(text, self._spaced)
        self._spaced = True

    def _without_block_mark(self, word: str) -> str:
        """What is left of a line's first word; empty when it was only a mark."""
        fence = _FENCE.match(word)
        if self._in_code:
            self._at_line_start = False
            if self._fence and fence and word.startswith(self._fence):
                self._fence = ""
            return ""
        if fence and "`" not in word[len(fence.group()) :]:
            self._fence, self._in_code = fence.group(), True
            self._at_line_start, self._line_is_block = False, True
            return ""
        if quote := _QUOTE.match(word):
            self._line.is_quote = True
            word = word[quote.end() :]
        if _HEADING.match(word) or _BULLET.match(word) or _RULE.match(word):
            self._line_is_block = True
            return ""
        if _TASK.match(word):
            return ""
        if word.startswith("|"):
            self._line_is_block = True
            return word.lstrip("|")
        if numbered := _NUMBERED.match(word):
            self._line_is_block = True
            self._at_line_start = False
            return f"{numbered.group(1)},"
        return word


def _holds(word: str) -> bool:
    """Whether a link or tag is open, so that a space does not end the word."""
    if word.rfind("[") > word.rfind("]"):
        return True
    target = word.rfind("](")
    if target >= 0 and ")" not in word[target:]:
        return True
    tag = word.rfind("<")
    following = word[tag + 1 : tag + 2]
    is_tag = following.isalpha() or following in ("/", "!")
    return tag > word.rfind(">") and bool(following) and is_tag


def _gap(tag: re.Match[str]) -> str:
    return " " if _SPACING_TAG.match(tag.group()) else ""
