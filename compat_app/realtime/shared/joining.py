"""Joins the texts of one speaker."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stt_app.core.scripts import UNSPACED

_UNSPACED_END = re.compile(rf"[{UNSPACED}]\Z")
_UNSPACED_START = re.compile(rf"[{UNSPACED}]")


def joined(texts: Iterable[str]) -> str:
    """The texts of one speaker as one."""
    whole = ""
    for text in texts:
        whole += space_between(whole, text) + text
    return whole


def space_between(before: str, after: str) -> str:
    """A space, unless one side is empty or the script has none."""
    is_unspaced = _UNSPACED_END.search(before) and _UNSPACED_START.match(after)
    return " " if before and after and not is_unspaced else ""
