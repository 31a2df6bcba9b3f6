"""A server's life: listen, load the models, wait for the signal, drain, stop."""

from __future__ import annotations

import asyncio
import errno
import time
from dataclasses import dataclass

import structlog

from common.config import LoadedConfig
from gateway_app.services import GatewayServices
from voiceproject.asgi import build_application
from voiceproject.lifecycle import ServerProcess
from voiceproject.server.server import AddressInUse, VoiceServer, route_twisted_log
from voiceproject.services import ROLES, build_services
from voiceproject.startup.failures import CannotStart, cannot_start
from voiceproject.startup.garbage import keep_what_has_started
from voiceproject.startup.report import Started, StartReport
from voiceproject.startup.stop_signal import StopSignal
from voiceproject.startup.summary import url
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


async def serve(
    loaded: LoadedConfig, options: ServeOptions, report: StartReport
) -> int:
    """Run until a signal; the process's exit code. Raises CannotStart.

    The port answers before the models are loaded: with the state of the start, and
    with errors to repeat later.
    """
    began = time.perf_counter()
    route_twisted_log()
    watchdog = ShutdownWatchdog()
    longest_seconds = loaded.config.shutdown_grace_seconds + FORCED_EXIT_SECONDS
    stop = StopSignal(lambda: watchdog.exit_within(longest_seconds))
    if options.supervised:
        stop.watch_input()
    process = _build(loaded, options)
    gateway = process.services[GatewayServices]
    gateway.sessions.loading = True
    application = build_application(process.services)
    server = VoiceServer(
        application, loaded.config, gateway.error_shapes, gateway.access.admit_body
    )
    port = _listen(server, options)
    try:
        address = f"{url(options.host, port)}{loaded.config.root_path}"
        report.listening(address, process.engines)
        if await _start(process, stop, report):
            gateway.sessions.loading = False
            keep_what_has_started()
            seconds = time.perf_counter() - began
            report.ready(Started(process.services, options.host, port, seconds))
            await stop.wait()
            await _drain(server, process)
        else:
            await server.drain(0)
    finally:
        report.close()
        await server.stop_accepting()
        await process.stop()
        watchdog.exit_within(EXIT_SECONDS)
    log.info("server stopped")
    return 0


def _build(loaded: LoadedConfig, options: ServeOptions) -> ServerProcess:
    try:
        return build_services(loaded, options.roles, options.host)
    except Exception as error:
        raise cannot_start(error) from error


async def _start(process: ServerProcess, stop: StopSignal, report: StartReport) -> bool:
    """Whether the services have started; False when a signal came first."""
    starting = asyncio.ensure_future(process.start(report.loaded))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
        return False
    try:
        await starting
    except Exception as error:
        raise cannot_start(error) from error
    return True


def _listen(server: VoiceServer, options: ServeOptions) -> int:
    try:
        return server.listen(options.host, options.port)
    except AddressInUse as error:
        advice = _listen_advice(error.number, options)
        raise CannotStart(f"{error} {advice}") from error


def _listen_advice(number: int | None, options: ServeOptions) -> str:
    service = "stt" if options.roles == ("stt",) else "tts"
    if number == errno.EADDRINUSE:
        return f"End the program that uses it, or set `{service}_port` to another port."
    if number == errno.EACCES:
        return f"Set `{service}_port` to a port above 1023."
    return f"Set `{service}_host` to an address of this machine."


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
