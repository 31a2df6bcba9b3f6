"""A server's life: start the services, listen, wait for the signal, drain, stop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from common.config import LoadedConfig
from common.errors import VoiceError
from common.services import Services
from gateway_app.services import GatewayServices
from voiceproject.asgi import build_application
from voiceproject.lifecycle import ServerProcess
from voiceproject.server.server import AddressInUse, VoiceServer, route_twisted_log
from voiceproject.services import ROLES, build_services
from voiceproject.startup.stop_signal import StopSignal
from voiceproject.startup.watchdog import ShutdownWatchdog

log = structlog.get_logger(__name__)

CANNOT_START = 1
FINAL_MESSAGES_SECONDS = 1.0
"""Time for sessions to send errors to their clients after the engines were stopped."""
FORCED_EXIT_SECONDS = 15.0
"""Time beyond the grace period after which a shutdown that hangs is ended."""
EXIT_SECONDS = 5.0
"""Time for the interpreter to exit; it would wait for a thread that hangs."""


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

    services: Services
    host: str
    port: int
    seconds: float


class CannotStart(Exception):
    """The message says why, and how to fix it."""


async def serve(
    loaded: LoadedConfig,
    options: ServeOptions,
    announce: Callable[[Started], None],
) -> int:
    """Run until a signal; the process's exit code. Raises CannotStart."""
    began = time.perf_counter()
    route_twisted_log()
    watchdog = ShutdownWatchdog()
    longest_seconds = loaded.config.shutdown_grace_seconds + FORCED_EXIT_SECONDS
    stop = StopSignal(lambda: watchdog.exit_within(longest_seconds))
    if options.supervised:
        stop.watch_input()
    process = _build(loaded, options)
    services = process.services
    try:
        if not await _start(process, stop):
            return 0
        gateway = services[GatewayServices]
        server = VoiceServer(
            build_application(services),
            loaded.config,
            gateway.error_shapes,
            gateway.access.admit_body,
        )
        port = _listen(server, options)
        seconds = time.perf_counter() - began
        announce(Started(services, options.host, port, seconds))
        await stop.wait()
        await _drain(server, process)
    finally:
        await process.stop()
        watchdog.exit_within(EXIT_SECONDS)
    log.info("server stopped")
    return 0


def _build(loaded: LoadedConfig, options: ServeOptions) -> ServerProcess:
    # Report a port in use at once, not after the models have loaded.
    _check_free(options.host, options.port)
    try:
        return build_services(loaded, options.roles, options.host)
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


async def _start(process: ServerProcess, stop: StopSignal) -> bool:
    """Whether the services have started; False when a signal came first."""
    starting = asyncio.ensure_future(process.start())
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


async def _drain(server: VoiceServer, process: ServerProcess) -> None:
    gateway = process.services[GatewayServices]
    grace_seconds = gateway.config.shutdown_grace_seconds
    end = time.monotonic() + grace_seconds
    log.info("server stopping", grace_seconds=grace_seconds)
    await server.stop_accepting()
    await process.stop_accepting()
    if not await gateway.sessions.drain(grace_seconds):
        # Their sessions then get an error, which goes to the clients and the history.
        server.abort_streams()
        await process.stop_engines()
        end = time.monotonic() + FINAL_MESSAGES_SECONDS
    await server.drain(max(0.0, end - time.monotonic()))
