"""The scripts that do not separate words by spaces."""

from __future__ import annotations

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u2fff\u3001-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff"
)
"""For a character class: Thai, Lao, Burmese, Khmer; Chinese, Japanese, Korean.

Korean has spaces, but its words are long and end in many ways.
"""
