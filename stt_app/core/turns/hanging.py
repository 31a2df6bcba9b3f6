"""Words that nobody ends a turn with.

Only such words are listed as leave a sentence open in nearly every use: "turn it on" ends
with a preposition, "the", "and" and "um" end nothing.
"""

from __future__ import annotations

import re

_LAST_WORD = re.compile(r"([^\W\d_]+(?:['’][^\W\d_]+)*)[\s,;:–—-]*$")
_OPEN_END = re.compile(r"(?:\.\.\.|…|[,–—-])\s*$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HANGING_WORDS = {
    "en": _words(
        "and or but because the a an of with my your our their if when while than um uh erm hmm"
    ),
    "de": _words(
        "und oder aber weil dass der die das den dem des ein eine einen einem einer mit von wenn mein meine dein deine äh ähm öhm hm"
    ),
    "fr": _words(
        "et ou mais parce que qui le la les un une des du de avec si quand mon ma mes ton euh heu hum"
    ),
    "es": _words(
        "y e o u pero porque que el la los las un una de del con si cuando mi tu su eh em"
    ),
    "it": _words(
        "e ed o ma perché che il lo la i gli le un uno una di del della con se quando ehm"
    ),
    "pt": _words(
        "e ou mas porque que o a os as um uma de do da com se quando meu minha hum hã"
    ),
    "nl": _words("en of maar omdat de het een van met als mijn jouw uh ehm"),
}
"""By the code of the language. The list can grow; an unlisted language has no veto."""


def hangs(text: str, language: str) -> bool:
    """Whether the speaker is certain to go on: after "and", "um", a comma or "..."."""
    if _OPEN_END.search(text):
        return True
    last = _LAST_WORD.search(text)
    words = HANGING_WORDS.get(language.split("-")[0], frozenset())
    return last is not None and last[1].casefold() in words
