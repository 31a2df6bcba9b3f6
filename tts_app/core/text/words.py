"""One word as it is said: no markup, emoji, addresses or unspeakable characters."""

from __future__ import annotations

import html
import re
import unicodedata

import emoji

SPOKEN_LINK = "link"

_NEWLINES = "\n\x0b\x0c\x85\u2028\u2029"
_JOINERS = "\u200c\u200d"
"""Zero-width, but they shape letters in Persian and in the scripts of India."""

_MATHEMATICAL = (0x1D400, 0x1D7FF)
_FULL_WIDTH = (0xFF01, 0xFF5E)

_URL = re.compile(
    r"(?:https?|ftp|file|wss?)://[^\s<>\"'()\[\]（）。，、！？；：]*"
    r"|\bwww\.[^\s<>\"'()\[\]（）。，、！？；：]+"
    r"|\bmailto:[^\s<>\"'()]+",
    re.IGNORECASE,
)
_ORDINARY = re.compile(r"[A-Za-z0-9'’,.;:!?$%-]+")
_URL_TAIL = ".,;:!?*_~`"
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_OPERATORS = re.compile(r"[*^<>=!~≠≈≤≥×÷+/-]{1,3}")
"""They stand alone between the operands."""
_ARROW = re.compile(r"\s*(?:[-=]+>|<[-=]*-(?!\d)|[←→↑↓↔⇐⇒⇔➔➜➡⟵⟶⟷⟹⟼↦])+\s*")
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]+)\}\{([^{}]+)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_COMMANDS = {
    "times": "×",
    "cdot": "·",
    "div": "÷",
    "pm": "±",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "neq": "≠",
    "ne": "≠",
    "approx": "≈",
    "sqrt": "√",
    "infty": "∞",
    "pi": "π",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "theta": "θ",
    "lambda": "λ",
    "mu": "μ",
    "sigma": "σ",
    "Delta": "Δ",
    "to": ", ",
    "rightarrow": ", ",
    "sum": "∑",
    "int": "∫",
    "left": "",
    "right": "",
    "text": "",
    "mathrm": "",
    "mathbf": "",
    "quad": " ",
}
"""Of LaTeX, which language models write."""
_SNAKE = re.compile(r"(?<=\w)_+(?=\w)")
_MARKS = re.compile(
    r"(?P<kept>(?<=[\d)])\*{1,2}(?=[\d(-])|(?<![\w*])[A-Za-z]\*{1,2}[A-Za-z\d](?![\w*])"
    r"|(?<!~)~(?=[$€£]?\.?\d))|[*_`~]+|\\"
)
_PATH = re.compile(r"[\"'(]?(?:[A-Za-z]:\\|\\\\\w)")
_LONE_HASH = re.compile(r"(?<![\w#])#+(?!\w)")
_PIPES = re.compile(r"\s*\|+\s*")
_BRACKETS = re.compile(r"[\[\]{}]+")
_ANGLES = re.compile(r"(?<!\w)[<>]+(?!=?\s?[$€£-]?\.?\d|=)|[<>]+(?![\w=$€£.-])")
_KEPT_SYMBOLS = frozenset("°№℃℉♯♭")
_SPEAKABLE_SYMBOLS = frozenset("%&@+=€£¥$°№½¼¾")


def normal_character(character: str) -> str:
    """The character as speech needs it: a plain one, a space, a newline, or nothing.

    Controls, surrogates, bidirectional marks and unassigned characters vanish: some
    make the synthesizer fail, and none of them can be heard.
    """
    if character in _NEWLINES:
        return "\n"
    code = ord(character)
    if code < 0x7F:
        return character if code >= 0x20 else " " if character == "\t" else ""
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category[0] == "C":
        return character if character in _JOINERS else ""
    if _MATHEMATICAL[0] <= code <= _MATHEMATICAL[1]:
        return unicodedata.normalize("NFKC", character)
    if _FULL_WIDTH[0] <= code <= _FULL_WIDTH[1] and category[0] in "LN":
        return unicodedata.normalize("NFKC", character)
    return character


def is_mark(character: str) -> bool:
    """Whether it sits on the character before it."""
    return unicodedata.category(character)[0] == "M"


def speakable(text: str) -> bool:
    """Whether anything of it can be said."""
    return any(c.isalnum() or c in _SPEAKABLE_SYMBOLS for c in text)


def is_ordinary(word: str) -> bool:
    """Whether it holds no markup, so that it is said as it is written."""
    return bool(_ORDINARY.fullmatch(word)) and not word.startswith("www.")


def spoken(word: str) -> str:
    """The word without markup; empty when nothing of it is left to say."""
    if "://" in word or "www." in word or "mailto:" in word:
        word = _URL.sub(_link, word)
    if "&" in word:
        word = _ENTITY.sub(_character, word)
    if "\\" in word and not _PATH.match(word):
        word = _FRACTION.sub(r"\1/\2", word)
        word = _COMMAND.sub(lambda found: _COMMANDS.get(found[1], found[0]), word)
    word = _ARROW.sub(", ", word)
    word = _without_symbols(word)
    if _OPERATORS.fullmatch(word):
        return word
    word = _SNAKE.sub(" ", word)
    if not _PATH.match(word):
        word = _MARKS.sub(lambda mark: mark["kept"] or "", word)
    word = _LONE_HASH.sub("", word)
    word = _PIPES.sub(", ", word)
    word = _BRACKETS.sub(" ", word)
    word = _ANGLES.sub(" ", word)
    return " ".join(unicodedata.normalize("NFC", word).split())


def _character(entity: re.Match[str]) -> str:
    """What an HTML entity stands for; unknown ones stay as they are."""
    return "".join(map(normal_character, html.unescape(entity.group()))).replace(
        "\n", " "
    )


def _link(match: re.Match[str]) -> str:
    address = match.group()
    return SPOKEN_LINK + address[len(address.rstrip(_URL_TAIL)) :]


def _without_symbols(word: str) -> str:
    """No emoji, stars or ornaments; letters and digits within a frame without it."""
    if word.isascii():
        return word
    word = emoji.replace_emoji(word, _emoji_letter)
    kept: list[str] = []
    for character in word:
        # A joiner or a variation mark that has lost its emoji is only noise.
        if character in _JOINERS and not _follows_letter(kept):
            continue
        if "\ufe00" <= character <= "\ufe0f" or character == "\u20e3":
            continue
        kept.append(_symbol(character))
    return "".join(kept)


def _symbol(character: str) -> str:
    """Itself, or what is in its frame, or a space."""
    if character.isascii() or character in _KEPT_SYMBOLS:
        return character
    framed = unicodedata.decomposition(character).startswith(("<circle>", "<square>"))
    if not framed and unicodedata.category(character) not in ("So", "Sk"):
        return character
    inside = unicodedata.normalize("NFKC", character)
    return inside if framed and inside.isalnum() else " "


def _emoji_letter(sequence: str, details: object) -> str:
    """A few letters have an emoji look; they stay letters."""
    return sequence[0] if sequence[0].isalpha() else " "


def _follows_letter(kept: list[str]) -> bool:
    return bool(kept) and unicodedata.category(kept[-1])[0] in "LM"
