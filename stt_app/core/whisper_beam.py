"""How many hypotheses Whisper follows for one utterance."""

from __future__ import annotations

from common.workers import Priority

BY_ITSELF = 0
FAST = 1
CAREFUL = 5
LONG_SECONDS = 8.0
"""From here on the careful beam hears better; shorter speech it only hears later."""


def choose_beam(wanted: int, seconds: float, priority: Priority, queued: int) -> int:
    """The beam's width for an utterance so long, while others wait for the engine.

    A width that was configured is always taken.
    """
    if wanted != BY_ITSELF:
        return wanted
    # A file waits for everybody, so nobody waits for a file.
    somebody_waits = queued > 0 and priority is not Priority.FILE
    if priority is Priority.INTERIM or somebody_waits:
        return FAST
    return CAREFUL if seconds >= LONG_SECONDS else FAST
