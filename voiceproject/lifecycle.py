"""The services of a process with their life: started and stopped side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from common.errors import EngineFailed, VoiceError
from common.services import Services

log = structlog.get_logger(__name__)

STOP_SECONDS = 6.0
"""Longer than any service takes that is well: the history writes for five."""


async def nothing() -> None:
    """The start or stop of a service that needs none."""


@dataclass(frozen=True)
class Managed:
    """One service that is started before, or stopped after, the requests it serves."""

    name: str
    start: Callable[[], Awaitable[None]] = nothing
    stop: Callable[[], Awaitable[None]] = nothing
    needed: bool = False
    """Whether the server does not start without it; the others may come up later."""
    is_engine: bool = False
    """Whether sessions wait for it: once it has stopped, they wait no more."""
    stops_last: bool = False
    """Whether the others still write to it while they stop."""


@dataclass(frozen=True)
class ServerProcess:
    """Everything that runs in this process."""

    services: Services
    managed: tuple[Managed, ...]
    stop_seconds: float = STOP_SECONDS

    async def start(self) -> None:
        """Start all in parallel. Raises EngineFailed with everything that is missing."""
        results = await asyncio.gather(
            *(each.start() for each in self.managed), return_exceptions=True
        )
        missing = []
        for each, result in zip(self.managed, results, strict=True):
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

    async def stop(self) -> None:
        """Stop all in parallel, then what they write to; one that hangs is left behind."""
        for last in (False, True):
            stopping = [each for each in self.managed if each.stops_last is last]
            await asyncio.gather(*(self._stop(each) for each in stopping))

    async def stop_engines(self) -> None:
        """Stop those before the rest: whatever waits for them has failed then."""
        engines = [each for each in self.managed if each.is_engine]
        await asyncio.gather(*(self._stop(each) for each in engines))

    async def _stop(self, each: Managed) -> None:
        stopping = asyncio.ensure_future(each.stop())
        # Not `wait_for`: it would wait for the end of what it has cancelled.
        await asyncio.wait({stopping}, timeout=self.stop_seconds)
        if not stopping.done():
            log.error("service hangs", service=each.name, seconds=self.stop_seconds)
            stopping.cancel()
        elif not stopping.cancelled() and (error := stopping.exception()):
            log.error("service did not stop", service=each.name, exc_info=error)
