"""The scripts that do not separate words by spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u2fff\u3001-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff"
)
"""For a character class: Thai, Lao, Burmese, Khmer; Chinese, Japanese, Korean.

Korean has spaces, but its words are long and end in many ways.
"""

_HANGUL = "\uac00-\ud7af"
_NO_SPACE = re.compile(f"[{UNSPACED.replace(_HANGUL, '')}]")


def space_between(before: str, after: str) -> str:
    """What stands between two texts that follow each other: a space, or nothing where
    either side is in a script without spaces, or empty."""
    if not before or not after:
        return ""
    meet = before[-1] + after[0]
    return "" if _NO_SPACE.search(meet) else " "


def joined(texts: Iterable[str]) -> str:
    """The texts as one."""
    whole = ""
    for text in texts:
        whole += space_between(whole, text) + text
    return whole
