"""Single signs: `#5`, `~10`, `AT&T`, `C#`, `C:\\Users`, `π`, `§ 5`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import Reading, Sentence, tail
from tts_app.core.text.english.grammars.money import MATH_BEFORE

_NAMES = {
    "&": "and",
    "@": "at",
    "%": "percent",
    "‰": "per mille",
    "°": "degrees",
    "±": "plus or minus",
    "∓": "minus or plus",
    "∞": "infinity",
    "√": "the square root of",
    "∛": "the cube root of",
    "∑": "the sum of",
    "∏": "the product of",
    "∫": "the integral of",
    "∂": "partial",
    "∆": "delta",
    "∇": "nabla",
    "∈": "is in",
    "∉": "is not in",
    "∅": "the empty set",
    "∀": "for all",
    "∃": "there is",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "∴": "therefore",
    "∵": "because",
    "∝": "is proportional to",
    "∪": "union",
    "∩": "intersection",
    "⊂": "is a subset of",
    "⊆": "is a subset of",
    "∥": "is parallel to",
    "⊥": "is perpendicular to",
    "∠": "angle",
    "№": "number",
    "§": "section",
    "¶": "paragraph",
    "©": "copyright",
    "♯": "sharp",
    "♭": "flat",
    "$": "dollar",
    "€": "euro",
    "£": "pound",
    "¥": "yen",
    "¢": "cent",
    "÷": "divided by",
    "×": "times",
    "µ": "micro",
}
_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ο": "omicron",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "ς": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "ϕ": "phi",
    "ϵ": "epsilon",
    "ϑ": "theta",
}
_SILENT = frozenset("®™†‡•·¦¨¯´`^~*|<>\\_{}[]¸‹›«»")
_HASHTAG = re.compile(r"#(?=[A-Za-z])")
_NUMBERED = re.compile(r"#\s?(?=\d)")
_ABOUT = re.compile(r"[~∼]\s?(?=[$€£]?\.?\d)")
_MUSIC_OR_LANGUAGE = re.compile(r"(?<![A-Za-z])[A-GJ]\Z")
_TO_THE_RIGHT = re.compile(r"\\(?=\w)")
_PATH_BEFORE = re.compile(r"(?:[A-Za-z]:|[\w.-]\\?|\\)\Z")


def read_symbol(sentence: Sentence, start: int) -> Reading | None:
    """A sign in words; nothing for signs that a reader passes over."""
    text, sign = sentence.text, sentence.text[start]
    if sign == "#":
        return _hash(text, start)
    found = None if sentence.after_quantity else _ABOUT.match(text, start)
    if found:
        return Reading(found.end(), "about ")
    if sign == "\\":
        return Reading(start + 1, "backslash" if _in_path(text, start) else "")
    if sign == ":" and text[start + 1 : start + 2] == "\\":
        return Reading(start + 1, "colon")
    if text.startswith("&&", start):
        return Reading(start + 2, "and")
    if (
        sign in "&@"
        and text[start - 1 : start].isalpha()
        and text[start + 1 : start + 2].isalpha()
    ):
        # Voices read "AT&T" and addresses well.
        return None
    if sign in _NAMES:
        return _named(sentence, start)
    return Reading(start + 1, "") if sign in _SILENT else None


def read_greek(sentence: Sentence, start: int) -> Reading | None:
    """A single Greek letter is a symbol."""
    text = sentence.text
    letter = text[start]
    name = _GREEK.get(letter) or _GREEK.get(letter.lower())
    if name is None or text[start + 1 : start + 2].lower() in _GREEK:
        return None
    return Reading(start + 1, name, quantity=True)


def _named(sentence: Sentence, start: int) -> Reading:
    text, sign = sentence.text, sentence.text[start]
    opens = text[start + 1 : start + 2].isalpha() or text[start + 1 : start + 2] == "("
    if sign == "$" and (opens or MATH_BEFORE.search(tail(text, start, 200))):
        return Reading(start + 1, "")
    return Reading(start + 1, _NAMES[sign])


def _hash(text: str, start: int) -> Reading:
    if found := _NUMBERED.match(text, start):
        return Reading(found.end(), "number ")
    if _MUSIC_OR_LANGUAGE.search(tail(text, start)):
        return Reading(start + 1, "sharp")
    if found := _HASHTAG.match(text, start):
        return Reading(found.end(), "hashtag ")
    return Reading(start + 1, "")


def _in_path(text: str, start: int) -> bool:
    return bool(
        _TO_THE_RIGHT.match(text, start) and _PATH_BEFORE.search(tail(text, start))
    )
