"""Registry of the child processes of this process, so that none outlives it."""

from __future__ import annotations

import atexit

# Its exit handler joins its processes, so ours must be registered after it: exit
# handlers run in reverse order.
import multiprocessing.util  # noqa: F401
from typing import Protocol


class ChildProcess(Protocol):
    """A process that can be killed, such as `Popen` or `multiprocessing.Process`."""

    def kill(self) -> None: ...


_running: set[ChildProcess] = set()


def register(process: ChildProcess) -> None:
    """Kill it when this process exits, unless it is unregistered before."""
    _running.add(process)


def unregister(process: ChildProcess) -> None:
    """It has exited."""
    _running.discard(process)


@atexit.register
def kill_all() -> None:
    """Kill every registered process. A stopped one would not notice our exit."""
    for process in list(_running):
        process.kill()
