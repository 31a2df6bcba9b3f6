"""When Python looks for garbage in a process that starts slowly and then runs long."""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
_WHILE_STARTING = 50_000
"""New objects between two looks: a start makes 200,000, and nearly all of them stay."""


def look_seldom() -> None:
    """While a process starts, the usual looks take an eighth of its time."""
    gc.set_threshold(_WHILE_STARTING)


def keep_what_has_started() -> None:
    """What is there now stays, so looking it over would only hold up the event loop:
    with all modules loaded, a full collection takes a sixth of a second."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
