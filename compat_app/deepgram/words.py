"""Words as the Deepgram API writes them."""

from __future__ import annotations

import re

_OUTER_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")


def plain_word(word: str) -> str:
    """The word in lower case without outer punctuation: `can't` for `Can't,`.

    What holds nothing else stays, such as `&`.
    """
    return _OUTER_PUNCTUATION.sub("", word).lower() or word
