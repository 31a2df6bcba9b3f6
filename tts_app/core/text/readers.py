"""Readers turn input into clauses and requested pauses, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from common.errors import BadValue
from tts_app.core.text.clauses import Clause, SpeechText
from tts_app.core.text.ssml import MAX_PHONEMES, Break, Raw, Run, place, read_ssml

Input = Literal["text", "ssml", "phonemes"]
INPUTS: tuple[Input, ...] = ("text", "ssml", "phonemes")

_MARK = re.compile(r"\[\[|\]\]")
_LEADING_STOPS = re.compile(r"\s*[,;:.!?…。，、！？]+")


@dataclass(frozen=True)
class Pause:
    """Silence of exactly this length."""

    seconds: float


Line = Clause | Pause


class Reader(Protocol):
    """Pieces of text in, lines out as soon as they are known."""

    def iterate(self, piece: str) -> Iterator[Line]:
        """The lines that are complete now. Raises BadValue."""

    def hurry(self) -> Iterator[Line]:
        """The beginning of the first clause that can be spoken before it is
        complete."""

    def finish(self) -> Iterator[Line]:
        """What is left when the text has ended. Raises BadValue."""


class TextReader:
    """Plain or Markdown text, streamed."""

    def __init__(self, language: str, others: Collection[str]) -> None:
        self._text = SpeechText(language, others)

    def iterate(self, piece: str) -> Iterator[Line]:
        return self._text.iterate(piece)

    def hurry(self) -> Iterator[Line]:
        return self._text.hurry()

    def finish(self) -> Iterator[Line]:
        return self._text.rest()


class PhonemeReader:
    """Text in which `[[...]]` holds phonemes; it is read when it is whole."""

    def __init__(self, language: str, others: Collection[str]) -> None:
        self._text = SpeechText(language, others)
        self._pieces: list[str] = []

    def iterate(self, piece: str) -> Iterator[Line]:
        self._pieces.append(piece)
        return iter(())

    def hurry(self) -> Iterator[Line]:
        return iter(())

    def finish(self) -> Iterator[Line]:
        for part in _phoneme_parts("".join(self._pieces)):
            if isinstance(part, Raw):
                yield from self._text.raw(part.phonemes)
            else:
                yield from self._text.iterate(part)
        yield from self._text.rest()


class SsmlReader:
    """A small SSML document; it is read when it is whole."""

    def __init__(self, language: str, others: Collection[str]) -> None:
        self._language = language
        self._text = SpeechText(language, others)
        self._pieces: list[str] = []
        self._rate = 1.0

    def iterate(self, piece: str) -> Iterator[Line]:
        self._pieces.append(piece)
        return iter(())

    def hurry(self) -> Iterator[Line]:
        return iter(())

    def finish(self) -> Iterator[Line]:
        # Validate the whole document before speaking any of it.
        for part in list(read_ssml("".join(self._pieces), self._language)):
            yield from self._line(part)
        yield from self._clauses(self._text.rest())

    def _line(self, part: Run | Raw | Break) -> Iterator[Line]:
        if isinstance(part, Break):
            yield from self._clauses(self._text.cut(open_ended=part.seconds > 0))
            if part.seconds:
                yield Pause(part.seconds)
        elif isinstance(part, Raw):
            yield from self._turn_to(part.rate)
            yield from self._clauses(self._text.raw(part.phonemes, part.spaced))
        else:
            yield from self._run(part)

    def _run(self, run: Run) -> Iterator[Line]:
        text = run.text
        if run.rate != self._rate:
            # A full stop behind `</prosody>` belongs to the words before it.
            if stops := _LEADING_STOPS.match(text):
                yield from self._clauses(self._text.iterate(stops.group()))
                text = text[stops.end() :]
            if text.strip():
                yield from self._turn_to(run.rate)
        yield from self._clauses(self._text.iterate(text))

    def _turn_to(self, rate: float) -> Iterator[Line]:
        if rate != self._rate:
            yield from self._clauses(self._text.cut(open_ended=True))
            self._rate = rate

    def _clauses(self, clauses: Iterator[Clause]) -> Iterator[Line]:
        for clause in clauses:
            yield replace(clause, rate=self._rate)


def make_reader(kind: Input, language: str, others: Collection[str] = ()) -> Reader:
    """The reader for one of INPUTS, in the language of the voice.

    `others` are the codes of further languages whose clauses have a voice.
    """
    readers: dict[Input, Callable[[str, Collection[str]], Reader]] = {
        "text": TextReader,
        "ssml": SsmlReader,
        "phonemes": PhonemeReader,
    }
    return readers[kind](language, others)


def _phoneme_parts(text: str) -> Iterator[str | Raw]:
    """Text and phonemes in turn. Raises BadValue at an unmatched bracket."""
    begin, opened = 0, -1
    for mark in _MARK.finditer(text):
        if (mark.group() == "[[") == (opened >= 0):
            raise BadValue(
                f"`text` has an unexpected `{mark.group()}` at {place(text, mark.start())}; "
                "write phonemes between `[[` and `]]`, not nested.",
                field="text",
            )
        if opened < 0:
            yield text[begin : mark.start()]
            opened = mark.start()
        else:
            yield _raw(text, opened, mark.start())
            opened, begin = -1, mark.end()
    if opened >= 0:
        raise BadValue(
            f"`text` has a `[[` without its `]]` at {place(text, opened)}.",
            field="text",
        )
    yield text[begin:]


def _raw(text: str, opened: int, closed: int) -> Raw:
    phonemes = " ".join(text[opened + 2 : closed].split())
    if not 0 < len(phonemes) <= MAX_PHONEMES:
        raise BadValue(
            f"`text` has {len(phonemes)} characters of phonemes at "
            f"{place(text, opened)}; allowed are 1 to {MAX_PHONEMES}.",
            field="text",
        )
    return Raw(phonemes)
