"""The TCP server of the Wyoming protocol, one per process."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable

import structlog
from zeroconf import Error as ZeroconfError

from common.errors import Unavailable
from compat_app.wyoming.announcement import Announcement
from compat_app.wyoming.info import InfoSource
from compat_app.wyoming.protocol.frames import HEADER_BYTES
from compat_app.wyoming.protocol.transport import TcpTransport
from compat_app.wyoming.requests import RequestFactory
from compat_app.wyoming.session import WyomingSession
from gateway_app.access.principals import Principal
from gateway_app.services import GatewayServices
from gateway_app.sockets.clock import SYSTEM_CLOCK, Clock
from stt_app.service import ListeningService
from tts_app.service import SpeechService

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 1.0
"""Time for connections that are cut off to end."""


class WyomingServer:
    """Listens from `start` on, which must come after that of the engines."""

    def __init__(
        self,
        gateway: GatewayServices,
        listening: ListeningService | None,
        speech: SpeechService | None,
        *,
        host: str,
        port: int,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Port 0 is any free one. A service that is None is not offered."""
        self.host = host
        self.port = port
        self.summary = "not started"
        """Where it listens, or why it does not, for people."""
        self._gateway = gateway
        self._config = gateway.config
        self._requests = RequestFactory(
            gateway.config, gateway.sessions, listening, speech, clock
        )
        self._info = InfoSource(gateway.config, listening, speech)
        self._server: asyncio.Server | None = None
        self._announcement: Announcement | None = None
        self._connections: dict[asyncio.Task[None], TcpTransport] = {}

    async def start(self) -> None:
        """Listen. Raises Unavailable when the port is taken.

        The protocol has no authentication: where API keys are required it does not
        listen, unless `wyoming_without_key` allows it.
        """
        if self._config.api_keys and not self._config.wyoming_without_key:
            self.summary = "off: `api_keys` are set, and the protocol has none (`wyoming_without_key`)"
            log.info("wyoming is off", reason=self.summary)
            return
        await self._info.current()
        try:
            self._server = await asyncio.start_server(
                self._accept, self.host or None, self.port, limit=HEADER_BYTES
            )
        except OSError as error:
            self.summary = f"off: cannot listen on {self._address} ({error.strerror})"
            raise Unavailable(
                f"Cannot listen for Wyoming on {self._address}: {error.strerror}. "
                "Another server may use the port: set `wyoming_port` to another one, "
                "or to 0."
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        self.summary = f"{self._address}, for Home Assistant"
        if self.is_local:
            self.summary += " on this machine"
        await self._announce()

    async def stop_accepting(self) -> None:
        """Take no new connections; those that are open go on."""
        if self._server is not None:
            self._server.close()
        if self._announcement is not None:
            await self._announcement.stop()

    async def stop(self) -> None:
        """Cut off what is left."""
        await self.stop_accepting()
        for transport in self._connections.values():
            transport.abort()
        if self._connections:
            await asyncio.wait(set(self._connections), timeout=CLOSE_SECONDS)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        transport = TcpTransport(writer, self._config.slow_reader_seconds)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        self._connections[task] = transport
        session = WyomingSession(self._requests, self._info, transport)
        address = str((writer.get_extra_info("peername") or ("",))[0])
        try:
            await session.serve(
                reader, self._gateway.sessions, address, lambda: self._admit(address)
            )
        finally:
            del self._connections[task]

    def _admit(self, address: str) -> Awaitable[Principal]:
        access = self._gateway.access
        if self._config.wyoming_without_key:
            return access.admit_without_key(address)
        return access.authenticate({"headers": [], "client": (address, 0)})

    async def _announce(self) -> None:
        if not self._config.wyoming_zeroconf:
            return
        if self.is_local:
            log.warning(
                "wyoming is not announced", reason=f"{self.host} is this machine only"
            )
            return
        announcement = Announcement(self.host, self.port)
        try:
            await announcement.start()
        except (OSError, ZeroconfError) as error:
            log.warning("wyoming is not announced", reason=str(error))
            return
        self._announcement = announcement

    @property
    def _address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine can connect."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"
