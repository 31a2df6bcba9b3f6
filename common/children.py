"""The processes that this one has started: none of them outlives it."""

from __future__ import annotations

import atexit

# Its handler at exit waits for its processes, so ours must be registered later:
# the last registered runs first.
import multiprocessing.util  # noqa: F401
from typing import Protocol


class Child(Protocol):
    """A process that can be ended at once."""

    def kill(self) -> None: ...


_children: set[Child] = set()


def adopt(child: Child) -> None:
    """It is killed when this process ends, unless it is released before."""
    _children.add(child)


def release(child: Child) -> None:
    """It has ended."""
    _children.discard(child)


@atexit.register
def kill_all() -> None:
    """End all of them at once. Most would notice our end; a stopped one would not."""
    for child in list(_children):
        child.kill()
