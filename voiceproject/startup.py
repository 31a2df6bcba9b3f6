"""A server's life: start the services, listen, wait for the signal, drain, stop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from common.config import LoadedConfig
from common.errors import VoiceError
from common.last_resort import LastResort
from voiceproject.asgi import build_application
from voiceproject.engines import (
    ROLES,
    build_services,
    start_services,
    stop_engines,
    stop_services,
)
from voiceproject.server import AddressInUse, VoiceServer, route_twisted_log
from voiceproject.stop_signal import StopSignal

log = structlog.get_logger(__name__)

CANNOT_START = 1
LAST_WORDS_SECONDS = 1.0
"""For sessions to tell their clients that what they waited for has failed."""
LAST_RESORT_SECONDS = 15.0
"""Beyond the grace: no part of an orderly end takes longer."""
EXIT_SECONDS = 5.0
"""When all is done; a thread that hangs would keep the process for ever."""


@dataclass(frozen=True)
class ServeOptions:
    """What one process serves, and where."""

    host: str
    port: int
    roles: tuple[str, ...] = ROLES
    supervised: bool = False


@dataclass(frozen=True)
class Started:
    """What the start summary is made of."""

    services: dict[str, Any]
    host: str
    port: int
    seconds: float


class CannotStart(Exception):
    """The message says why, and what mends it."""


async def serve(
    loaded: LoadedConfig,
    options: ServeOptions,
    announce: Callable[[Started], None],
) -> int:
    """Run until a signal; the process's exit code. Raises CannotStart."""
    began = time.perf_counter()
    route_twisted_log()
    last_resort = LastResort()
    longest_seconds = loaded.config.shutdown_grace_seconds + LAST_RESORT_SECONDS
    stop = StopSignal(lambda: last_resort.within(longest_seconds))
    if options.supervised:
        stop.watch_input()
    services = _build(loaded, options)
    try:
        if not await _start(services, stop):
            return 0
        server = VoiceServer(build_application(services), loaded.config)
        port = _listen(server, options)
        seconds = time.perf_counter() - began
        announce(Started(services, options.host, port, seconds))
        await stop.wait()
        await _drain(server, services)
    finally:
        await stop_services(services)
        last_resort.within(EXIT_SECONDS)
    log.info("server stopped")
    return 0


def _build(loaded: LoadedConfig, options: ServeOptions) -> dict[str, Any]:
    # A taken port is said at once, not after the models have loaded.
    _check_free(options.host, options.port)
    try:
        return build_services(loaded, options.roles)
    except VoiceError as error:
        raise CannotStart(error.message) from error


def _check_free(host: str, port: int) -> None:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = addresses[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotStart(
            f"Cannot listen on {host}:{port}: {error.strerror}."
        ) from error


async def _start(services: dict[str, Any], stop: StopSignal) -> bool:
    """Whether the services have started; False when a signal came first."""
    starting = asyncio.ensure_future(start_services(services))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
        return False
    try:
        await starting
    except VoiceError as error:
        raise CannotStart(error.message) from error
    return True


def _listen(server: VoiceServer, options: ServeOptions) -> int:
    try:
        return server.listen(options.host, options.port)
    except AddressInUse as error:
        raise CannotStart(str(error)) from error


async def _drain(server: VoiceServer, services: dict[str, Any]) -> None:
    grace_seconds = services["loaded"].config.shutdown_grace_seconds
    end = time.monotonic() + grace_seconds
    log.info("server stopping", grace_seconds=grace_seconds)
    await server.stop_accepting()
    if not await services["sessions"].drain(grace_seconds):
        # What still waits for them is answered, and has its record in the history.
        server.cut_streams()
        await stop_engines(services)
        end = time.monotonic() + LAST_WORDS_SECONDS
    await server.drain(max(0.0, end - time.monotonic()))
