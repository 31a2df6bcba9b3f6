"""Letters that a voice cannot read: those of scripts that its language is not written in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from tts_app.core.text.language_detection import language_of

_SCRIPTS = {
    "ja": ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK"),
    "zh": ("CJK", "BOPOMOFO"),
    "ko": ("HANGUL", "CJK"),
    "yue": ("CJK", "BOPOMOFO"),
    "ar": ("ARABIC",),
    "fa": ("ARABIC",),
    "ur": ("ARABIC",),
    "ug": ("ARABIC",),
    "he": ("HEBREW",),
    "yi": ("HEBREW",),
    "el": ("GREEK",),
    "ru": ("CYRILLIC",),
    "uk": ("CYRILLIC",),
    "be": ("CYRILLIC",),
    "bg": ("CYRILLIC",),
    "sr": ("CYRILLIC",),
    "mk": ("CYRILLIC",),
    "kk": ("CYRILLIC",),
    "ky": ("CYRILLIC",),
    "tt": ("CYRILLIC",),
    "ba": ("CYRILLIC",),
    "ka": ("GEORGIAN",),
    "hy": ("ARMENIAN",),
    "hi": ("DEVANAGARI",),
    "ne": ("DEVANAGARI",),
    "mr": ("DEVANAGARI",),
    "bn": ("BENGALI",),
    "ta": ("TAMIL",),
    "te": ("TELUGU",),
    "ml": ("MALAYALAM",),
    "kn": ("KANNADA",),
    "gu": ("GUJARATI",),
    "pa": ("GURMUKHI",),
    "th": ("THAI",),
}
_LATIN_LANGUAGES = (
    "en de fr es it pt nl ca ro pl cs sk sl sv da no nb nn is fi hu tr vi sw lv lt et cy lb"
    " eu hr bs sq gl ga mt af id ms la eo fo gd"
)
_IN_LATIN = frozenset(_LATIN_LANGUAGES.split())
_OTHERS = (
    "SINHALA TIBETAN KHMER LAO MYANMAR ETHIOPIC MONGOLIAN SYRIAC THAANA ORIYA CHEROKEE"
    " COPTIC GLAGOLITIC YI JAVANESE BALINESE TIFINAGH HALFWIDTH IDEOGRAPHIC"
)
_KNOWN = frozenset(
    script for scripts in _SCRIPTS.values() for script in scripts
) | frozenset(_OTHERS.split())
_FOREIGN_SHARE = 0.5
"""Of its letters; fewer are a name in a clause of the text's own language."""
_EMPTY_BRACKETS = re.compile(
    r"[(\[（【][\s,;:/·、，-]*[)\]）】]|[\"“«„『「][\s,]*[\"”»“』」]"
)
_WIDE_SCRIPTS = frozenset(("CJK", "HIRAGANA", "HANGUL"))
_WIDE_STOPS = str.maketrans("，。：；！？、（）【】　", ",.:;!?,()() ")
_LONE_STOPS = re.compile(r"\s+([,;:.!?。，、؛،؟]+)")
_DOUBLED = re.compile(r"([,;:])(?:\s*[,;:])+")


def without_foreign(text: str, language: str) -> str:
    """The text without letters that its voice would spell as codes or names.

    Latin letters stay in every language. Single Greek letters stay: they are symbols.
    Languages whose script is not known here keep everything.
    """
    if text.isascii() or not (language in _IN_LATIN or language in _SCRIPTS):
        return text
    own = _SCRIPTS.get(language, ())
    kept = [
        "" if _is_foreign(text, at, own) else character
        for at, character in enumerate(text)
    ]
    if "" not in kept:
        return text
    written = "".join(kept)
    if not set(own) & _WIDE_SCRIPTS:
        written = written.translate(_WIDE_STOPS)
    left = _EMPTY_BRACKETS.sub(" ", written)
    left = _DOUBLED.sub(r"\1", _LONE_STOPS.sub(r"\1", left))
    return " ".join(left.split()).lstrip(",;:.!?。，、؛،؟ ")


def foreign_language(text: str, language: str, others: Collection[str]) -> str:
    """The one of the others that most of the text is written in; empty if none is.

    All are codes such as `ru`. It is told only by its script.
    """
    if text.isascii() or not others:
        return ""
    own = _SCRIPTS.get(language, ())
    letters = [at for at, character in enumerate(text) if character.isalpha()]
    foreign = sum(_is_foreign(text, at, own) for at in letters)
    if not foreign or foreign < _FOREIGN_SHARE * len(letters):
        return ""
    written = [code for code in others if code in _SCRIPTS]
    found = language_of(text, written, "")
    is_its_script = any(_script(text[at]) in _SCRIPTS.get(found, ()) for at in letters)
    return found if is_its_script else ""


def _is_foreign(text: str, at: int, own: tuple[str, ...]) -> bool:
    character = text[at]
    if character.isascii():
        return False
    script = _script(character)
    if not script or script in own:
        return False
    if script == "GREEK":
        return _is_letter(text, at - 1) or _is_letter(text, at + 1)
    return True


def _is_letter(text: str, at: int) -> bool:
    """Whether a Greek letter stands there."""
    return 0 <= at < len(text) and _script(text[at]) == "GREEK"


@lru_cache(maxsize=4_096)
def _script(character: str) -> str:
    """The script of a letter or of a mark on it; empty for Latin and for signs."""
    if unicodedata.category(character)[0] not in "LMN":
        return ""
    script = unicodedata.name(character, "").partition(" ")[0]
    return script if script in _KNOWN else ""
