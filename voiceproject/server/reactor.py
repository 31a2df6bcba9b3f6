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
from django.core.exceptions import RequestAborted
from twisted.internet import reactor as _reactor

reactor: Any = _reactor


def run_until_done(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` on the reactor's loop and return its result."""
    tasks: list[asyncio.Task[int]] = []

    def begin() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        task = loop.create_task(main())
        tasks.append(task)
        task.add_done_callback(lambda _: reactor.stop())

    # Not callWhenRunning: that fires before the loop runs.
    reactor.callLater(0, begin)
    reactor.run(installSignalHandlers=False)
    return tasks[0].result()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what failed unseen, as asyncio does.

    Not that a request was aborted: one that is cancelled leaves a task of Django's
    behind, which waits for the client to leave and then fails with that.
    """
    if not isinstance(context.get("exception"), RequestAborted):
        loop.default_exception_handler(context)
