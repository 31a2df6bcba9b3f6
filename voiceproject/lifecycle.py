"""The services of a process: started and stopped in parallel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from common.errors import EngineFailed, VoiceError
from common.services import Services

log = structlog.get_logger(__name__)

STOP_SECONDS = 6.0
"""Longer than any healthy service takes: the history writes for up to five seconds."""


async def nothing() -> None:
    """For a service without a start or stop."""


def unwatched(_name: str, _seconds: float) -> None:
    """The default callback: does nothing."""


@dataclass(frozen=True)
class Managed:
    """One service that is started before, or stopped after, the requests it serves."""

    name: str
    start: Callable[[], Awaitable[None]] = nothing
    stop: Callable[[], Awaitable[None]] = nothing
    needed: bool = False
    """Whether the server needs it to start; the others may start later."""
    is_engine: bool = False
    """Whether sessions wait for its results."""
    stops_last: bool = False
    """Whether the others still write to it while they stop."""
    starts_last: bool = False
    """Whether it serves requests that the others must be ready for."""
    stop_accepting: Callable[[], Awaitable[None]] = nothing
    """Called before the sessions are drained: no new ones from now on."""


OnStarted = Callable[[str, float], None]
"""Gets the name of an engine that has started, and the seconds that it took."""


async def _start(each: Managed, started: OnStarted) -> None:
    began = time.monotonic()
    await each.start()
    if each.is_engine:
        started(each.name, time.monotonic() - began)


@dataclass(frozen=True)
class ServerProcess:
    """Everything that runs in this process."""

    services: Services
    managed: tuple[Managed, ...]
    stop_seconds: float = STOP_SECONDS

    @property
    def engines(self) -> list[str]:
        """The names of the services that load something."""
        return [each.name for each in self.managed if each.is_engine]

    async def start(self, started: OnStarted = unwatched) -> None:
        """Start all in parallel, then the services that need them. Raises
        EngineFailed listing everything that is missing.

        `started` is called with the name of each engine that has started, and the
        seconds that it took.
        """
        for last in (False, True):
            starting = [each for each in self.managed if each.starts_last is last]
            await self._start(starting, started)

    async def _start(self, starting: Sequence[Managed], started: OnStarted) -> None:
        results = await asyncio.gather(
            *(_start(each, started) for each in starting), return_exceptions=True
        )
        missing = []
        for each, result in zip(starting, results, strict=True):
            if isinstance(result, VoiceError) and each.needed:
                missing.append(result.message)
            elif isinstance(result, VoiceError):
                log.warning(
                    "service not available", service=each.name, reason=result.message
                )
            elif isinstance(result, BaseException):
                raise result
        if missing:
            raise EngineFailed("\n".join(missing))

    async def stop_accepting(self) -> None:
        """No new sessions; those that are open go on."""
        await asyncio.gather(*(each.stop_accepting() for each in self.managed))

    async def stop(self) -> None:
        """Stop all in parallel, then the services they write to; abandon one that
        hangs."""
        for last in (False, True):
            stopping = [each for each in self.managed if each.stops_last is last]
            await asyncio.gather(*(self._stop(each) for each in stopping))

    async def stop_engines(self) -> None:
        """Stop the engines before the rest, so that whatever waits for them fails."""
        engines = [each for each in self.managed if each.is_engine]
        await asyncio.gather(*(self._stop(each) for each in engines))

    async def _stop(self, each: Managed) -> None:
        stopping = asyncio.ensure_future(each.stop())
        # Not `wait_for`, which waits until the cancelled task has ended.
        await asyncio.wait({stopping}, timeout=self.stop_seconds)
        if not stopping.done():
            log.error("service hangs", service=each.name, seconds=self.stop_seconds)
            stopping.cancel()
        elif not stopping.cancelled() and (error := stopping.exception()):
            log.error("service did not stop", service=each.name, exc_info=error)
