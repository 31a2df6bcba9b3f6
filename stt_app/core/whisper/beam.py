"""How many hypotheses Whisper follows for one utterance."""

from __future__ import annotations

from common.workers import Priority

BY_ITSELF = 0
FAST = 1
CAREFUL = 5


def choose_beam(wanted: int, priority: Priority) -> int:
    """The beam's width, which is the one configured if there is one.

    A wider beam hears long speech better and takes longer, so it is for files, which
    nobody waits for.
    """
    if wanted != BY_ITSELF:
        return wanted
    return CAREFUL if priority is Priority.FILE else FAST
