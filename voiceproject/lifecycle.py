"""The services of a process: started and stopped in parallel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from common.errors import EngineFailed, VoiceError
from common.services import Services

log = structlog.get_logger(__name__)

STOP_SECONDS = 15.0
"""Longer than any healthy service takes: the history writes for up to five seconds."""


async def nothing() -> None:
    """For a service without a start or stop."""


@dataclass(frozen=True)
class Managed:
    """One service that is started before, or stopped after, the requests it serves."""

    name: str
    start: Callable[[], Awaitable[None]] = nothing
    stop: Callable[[], Awaitable[None]] = nothing
    needed: bool = False
    """Whether the server needs it to start; the others may start later."""
    stops_last: bool = False
    """Whether the others still write to it while they stop."""


@dataclass(frozen=True)
class ServerProcess:
    """Everything that runs in this process."""

    services: Services
    managed: tuple[Managed, ...]
    stop_seconds: float = STOP_SECONDS

    async def start(self) -> None:
        """Start all in parallel. Raises EngineFailed listing everything that is
        missing."""
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
        """Stop all in parallel, then the services they write to; abandon one that
        hangs."""
        for last in (False, True):
            stopping = [each for each in self.managed if each.stops_last is last]
            await asyncio.gather(*(self._stop(each) for each in stopping))

    async def _stop(self, each: Managed) -> None:
        try:
            await asyncio.wait_for(each.stop(), self.stop_seconds)
        except TimeoutError:
            log.error("service hangs", service=each.name, seconds=self.stop_seconds)
        except Exception as error:
            log.error("service did not stop", service=each.name, exc_info=error)
