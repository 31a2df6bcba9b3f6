"""A subset of SSML: breaks, speed, phonemes, substitutions and say-as.

The document is read by Expat with every document type refused, so there are no
entities to expand; depth and pauses are bounded. An error names line and column.
Source: https://www.w3.org/TR/speech-synthesis11/
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from common.errors import BadValue
from tts_app.core.text.say_as import SAY_AS, say_as

MAX_DEPTH = 20
MAX_BREAK_SECONDS = 10.0
MAX_BREAKS_SECONDS = 60.0
MAX_PHONEMES = 500
MIN_RATE, MAX_RATE = 0.25, 4.0

ELEMENTS: Mapping[str, frozenset[str]] = {
    "speak": frozenset({"version", "xmlns", "xml:lang"}),
    "p": frozenset(),
    "s": frozenset(),
    "break": frozenset({"time", "strength"}),
    "prosody": frozenset({"rate"}),
    "say-as": frozenset({"interpret-as", "format", "detail"}),
    "phoneme": frozenset({"alphabet", "ph"}),
    "sub": frozenset({"alias"}),
}
"""Every element and its attributes; others are rejected."""
STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": 0.4,
    "strong": 0.7,
    "x-strong": 1.2,
}
RATES = {
    "x-slow": 0.5,
    "slow": 0.75,
    "medium": 1.0,
    "default": 1.0,
    "fast": 1.25,
    "x-fast": 1.75,
}
ALPHABETS = ("espeak", "ipa")

_TIME = re.compile(r"\+?(\d{1,6}(?:\.\d{0,3})?|\.\d{1,3})(ms|s)")
_RATE = re.compile(r"(\d{1,4}(?:\.\d{0,3})?|\.\d{1,3})(%?)")
_CHANGE = re.compile(r"([+-]\d{1,3}(?:\.\d{1,3})?)%")


@dataclass(frozen=True)
class Run:
    """Text to say, at this multiple of the normal speed."""

    text: str
    rate: float = 1.0


@dataclass(frozen=True)
class Raw:
    """Phonemes as the voice knows them."""

    phonemes: str
    rate: float = 1.0
    spaced: bool | None = None
    """Whether a space stands before them; None leaves it to the text."""


@dataclass(frozen=True)
class Break:
    """The silence after a clause; 0 is the natural one at the end of a paragraph."""

    seconds: float = 0.0


Part = Run | Raw | Break


def read_ssml(document: str, language: str) -> Iterator[Part]:
    """The document in parts. Raises BadValue that names the place of a mistake."""
    return iter(_Document(language).read(document))


def place(text: str, index: int) -> str:
    """Line and column of a character, both counted from 1."""
    line = text.count("\n", 0, index) + 1
    return f"line {line}, column {index - text.rfind(chr(10), 0, index)}"


class _Document:
    """What Expat tells, as parts."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._parts: list[Part] = []
        self._open: list[str] = []
        self._rates = [1.0]
        self._attributes: dict[str, str] = {}
        self._held: list[str] | None = None
        """The text inside an element that is said in another way."""
        self._break_seconds = 0.0
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._document_type
        parser.ProcessingInstructionHandler = self._instruction

    def read(self, document: str) -> list[Part]:
        try:
            self._parser.ParseFile(io.BytesIO(document.encode("utf-8")))
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code)
            raise _mistake(words, error.lineno, error.offset + 1) from error
        return self._parts

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in ELEMENTS:
            known = ", ".join(f"<{known}>" for known in sorted(ELEMENTS))
            raise self._wrong(f"<{name}> is not known; allowed are {known}")
        if (name == "speak") != (not self._open):
            raise self._wrong("<speak> must be the only root element")
        if self._held is not None or self._open[-1:] == ["break"]:
            raise self._wrong(f"<{self._open[-1]}> may contain only text, not <{name}>")
        if len(self._open) >= MAX_DEPTH:
            raise self._wrong(f"more than {MAX_DEPTH} levels of nested elements")
        self._check_attributes(name, attributes)
        self._open.append(name)
        self._attributes = attributes
        if name == "break":
            if seconds := self._pause(attributes):
                self._parts.append(Break(seconds))
        elif name == "prosody":
            self._rates.append(self._rate(attributes))
        elif name in ("say-as", "phoneme", "sub"):
            _CHECKS[name](self, attributes)
            self._held = []
        elif name in ("p", "s"):
            self._parts.append(Break())

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "prosody":
            self._rates.pop()
        elif name in ("p", "s"):
            self._parts.append(Break())
        elif self._held is not None:
            inside, self._held = "".join(self._held), None
            self._parts.append(self._said(name, inside))

    def _said(self, name: str, inside: str) -> Part:
        """The element in other words."""
        given, rate = self._attributes, self._rates[-1]
        if name == "sub":
            return Run(given["alias"], rate)
        if name == "phoneme":
            return Raw(" ".join(given["ph"].split()), rate)
        how, form = given["interpret-as"], given.get("format", "")
        return Run(say_as(inside, how, form, self._language), rate)

    def _characters(self, text: str) -> None:
        if self._held is not None:
            self._held.append(text)
        elif self._open[-1] == "break":
            raise self._wrong("<break> is empty")
        else:
            # A line end in a document is only a space; paragraphs are <p>.
            self._parts.append(Run(" ".join(text.split("\n")), self._rates[-1]))

    def _check_attributes(self, name: str, attributes: dict[str, str]) -> None:
        for attribute in attributes:
            if attribute not in ELEMENTS[name]:
                allowed = ", ".join(sorted(ELEMENTS[name])) or "none"
                raise self._wrong(
                    f"<{name}> has no attribute `{attribute}`; allowed: {allowed}"
                )

    def _pause(self, attributes: dict[str, str]) -> float:
        given = attributes.get("time")
        if given is None:
            strength = attributes.get("strength", "medium")
            if strength not in STRENGTHS:
                raise self._not_one_of("break strength", strength, STRENGTHS)
            seconds = STRENGTHS[strength]
        else:
            match = _TIME.fullmatch(given.strip())
            scale = 1000 if match and match[2] == "ms" else 1
            seconds = float(match[1]) / scale if match else MAX_BREAK_SECONDS + 1
            if seconds > MAX_BREAK_SECONDS:
                raise self._wrong(
                    f'break time="{given}" is not a time such as 500ms or 1.5s, of at '
                    f"most {MAX_BREAK_SECONDS:g}s"
                )
        self._break_seconds += seconds
        if self._break_seconds > MAX_BREAKS_SECONDS:
            raise self._wrong(
                f"all breaks together are longer than {MAX_BREAKS_SECONDS:g}s"
            )
        return seconds

    def _rate(self, attributes: dict[str, str]) -> float:
        given = attributes.get("rate", "medium").strip()
        own = _own_rate(given)
        if own is None:
            choices = [*RATES, "80%", "+20%", "1.25"]
            raise self._not_one_of("prosody rate", given, choices)
        rate = own * self._rates[-1]
        if not MIN_RATE <= rate <= MAX_RATE:
            raise self._wrong(
                f'prosody rate="{given}" makes {rate:g} times the normal speed; allowed are '
                f"{MIN_RATE:g} to {MAX_RATE:g}"
            )
        return rate

    def _check_say_as(self, attributes: dict[str, str]) -> None:
        given = attributes.get("interpret-as", "")
        if given not in SAY_AS:
            raise self._not_one_of("say-as interpret-as", given, SAY_AS)

    def _check_phoneme(self, attributes: dict[str, str]) -> None:
        alphabet = attributes.get("alphabet", "ipa")
        if alphabet not in ALPHABETS:
            raise self._not_one_of("phoneme alphabet", alphabet, ALPHABETS)
        phonemes = attributes.get("ph", "").strip()
        if not 0 < len(phonemes) <= MAX_PHONEMES or set(phonemes) & set("[]"):
            raise self._wrong(
                f"phoneme needs `ph` with 1 to {MAX_PHONEMES} phonemes, without [ and ]"
            )

    def _check_sub(self, attributes: dict[str, str]) -> None:
        if not attributes.get("alias", "").strip():
            raise self._wrong("sub needs `alias`, the words to speak instead")

    def _document_type(self, *_: object) -> None:
        raise self._wrong("a document type is not allowed")

    def _instruction(self, *_: object) -> None:
        raise self._wrong("a processing instruction is not allowed")

    def _not_one_of(
        self,
        what: str,
        given: str,
        allowed: Mapping[str, object] | tuple[str, ...] | list[str],
    ) -> BadValue:
        return self._wrong(f'{what}="{given}" is not one of {", ".join(allowed)}')

    def _wrong(self, problem: str) -> BadValue:
        parser = self._parser
        return _mistake(
            problem, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        )


_CHECKS: Mapping[str, Callable[[_Document, dict[str, str]], None]] = {
    "say-as": _Document._check_say_as,
    "phoneme": _Document._check_phoneme,
    "sub": _Document._check_sub,
}


def _own_rate(given: str) -> float | None:
    """`slow`, `80%` and `0.8` are factors; `+20%` is a change of the rate."""
    if change := _CHANGE.fullmatch(given):
        return 1 + float(change[1]) / 100
    if match := _RATE.fullmatch(given):
        return float(match[1]) / (100 if match[2] else 1)
    return RATES.get(given)


def _mistake(problem: str, line: int, column: int) -> BadValue:
    return BadValue(
        f"`text` is not good SSML at line {line}, column {column}: {problem}.",
        field="text",
    )
