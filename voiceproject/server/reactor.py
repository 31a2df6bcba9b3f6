"""Twisted's reactor on asyncio. Import it before anything else of Twisted's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

if sys.platform == "win32":
    # Twisted needs a selector loop; Windows defaults to a proactor loop.
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

import daphne.server  # noqa: F401 - installs the reactor on a loop of its own
from twisted.internet import reactor as _reactor

reactor: Any = _reactor


def run_until_done(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` on the reactor's loop and return its result."""
    tasks: list[asyncio.Task[int]] = []

    def begin() -> None:
        task = asyncio.get_running_loop().create_task(main())
        tasks.append(task)
        task.add_done_callback(lambda _: reactor.stop())

    # Not callWhenRunning: that fires before the loop runs.
    reactor.callLater(0, begin)
    reactor.run(installSignalHandlers=False)
    return tasks[0].result()
