"""How many hypotheses Whisper follows for one utterance."""

from __future__ import annotations

from common.workers import Priority

BY_ITSELF = 0
FAST = 1
CAREFUL = 5


def choose_beam(wanted: int, priority: Priority, *, goes_on: bool, queued: int) -> int:
    """The beam's width, which is the one configured if there is one.

    A wider beam hears long speech better and takes longer, so it is for texts that
    nobody waits for: those of files, and of speech that was cut and goes on, while
    no other utterance is queued.
    """
    if wanted != BY_ITSELF:
        return wanted
    if priority is Priority.FILE or (goes_on and not queued):
        return CAREFUL
    return FAST
