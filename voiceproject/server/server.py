"""Daphne's server, hardened: bounded in both directions, with a graceful shutdown.

Stock Daphne buffers without bound in both directions, stores every body completely,
never times out slow headers, and exits at once on SIGTERM.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from daphne.server import Server
from twisted.internet.error import CannotListenError
from twisted.logger import STDLibLogObserver, globalLogBeginner

from common.config import Config
from common.errors import Restarting
from gateway_app.error_shapes import NATIVE_ONLY, ErrorShapes
from voiceproject.routes.body_limits import BodyLimits
from voiceproject.server.arrivals import Arrivals
from voiceproject.server.http import LimitedHTTPFactory
from voiceproject.server.message_limits import MessageLimits
from voiceproject.server.peers import BodiesInProgress, OpenConnections
from voiceproject.server.queue import BodyQueue, MeteredQueue
from voiceproject.server.reactor import reactor
from voiceproject.server.websocket import LimitedSocket, LimitedWebSocketFactory

log = structlog.get_logger(__name__)

CLOSE_HANDSHAKE_SECONDS = 1
CONNECT_SECONDS = 10
APPLICATION_CLOSE_SECONDS = 10
CANCEL_SECONDS = 2.0
FLUSH_SECONDS = 1.0
BODY_PART_BYTES = 256 * 1_024
"""A body reaches the application in parts of this size."""
_PAUSE_SECONDS = 0.02

AdmitBody = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


class AddressInUse(Exception):
    """The server cannot listen on the port; the message is for the person who chose
    it."""

    def __init__(self, message: str, number: int | None) -> None:
        super().__init__(message)
        self.number = number
        """The `errno` of the operating system."""


class VoiceServer(Server):  # type: ignore[misc]
    """Runs an ASGI application on the reactor; see `listen` and `drain`."""

    def __init__(
        self,
        application: Any,
        config: Config,
        error_shapes: ErrorShapes = NATIVE_ONLY,
        admit_body: AdmitBody | None = None,
    ) -> None:
        """`admit_body` checks the key of a request before its large body is read."""
        self.message_limits = MessageLimits(config)
        largest_message = self.message_limits.usual_bytes
        super().__init__(
            application,
            endpoints=["chosen by listen()"],
            server_name="",
            ping_interval=config.ping_interval_seconds,
            ping_timeout=config.ping_interval_seconds,
            websocket_timeout=-1,
            websocket_connect_timeout=CONNECT_SECONDS,
            websocket_max_message_size=largest_message,
            websocket_max_frame_size=largest_message,
            application_close_timeout=APPLICATION_CLOSE_SECONDS,
            request_buffer_size=BODY_PART_BYTES,
        )
        self.served_below = config.root_path
        self.body_limits = BodyLimits(config)
        self.error_shapes = error_shapes
        self.admit_body = admit_body
        self.bodies = BodiesInProgress(config)
        self.body_timeout_seconds = config.body_timeout_seconds
        self.header_timeout_seconds = config.header_timeout_seconds
        self.slow_reader_seconds = config.slow_reader_seconds
        self.draining = False
        self.connections: dict[Any, dict[str, Any]] = {}
        self.open_transports = OpenConnections(config)
        self.arrivals = Arrivals()
        self._ports: list[Any] = []
        self.http_factory = LimitedHTTPFactory(self)
        self.ws_factory = LimitedWebSocketFactory(self, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,
            openHandshakeTimeout=CONNECT_SECONDS,
            closeHandshakeTimeout=CLOSE_HANDSHAKE_SECONDS,
            maxMessagePayloadSize=largest_message,
            maxFramePayloadSize=largest_message,
            # Report the error instead of only dropping the connection.
            failByDrop=False,
        )

    def run(self) -> None:
        raise NotImplementedError("use listen() and drain() on the running reactor")

    def listen(self, host: str, port: int) -> int:
        """Start to listen; returns the port, useful with port 0. Raises
        AddressInUse."""
        try:
            listener = reactor.listenTCP(
                port, self.http_factory, backlog=128, interface=host
            )
        except CannotListenError as error:
            cause = error.socketError
            reason = getattr(cause, "strerror", None) or cause
            raise AddressInUse(
                f"Cannot listen on {host}:{port}: {reason}.",
                getattr(cause, "errno", None),
            ) from error
        if not self._ports:
            self.application_checker()
            self.timeout_checker()
        self._ports.append(listener)
        return int(listener.getHost().port)

    async def stop_accepting(self) -> None:
        """Close the listening sockets; refuse new requests on old connections."""
        self.draining = True
        ports, self._ports = self._ports, []
        for port in ports:
            await port.stopListening().asFuture(asyncio.get_running_loop())

    def abort_streams(self) -> None:
        """Abort the responses that have started.

        The engines behind them are about to stop. A regular end would make a truncated
        response look complete.
        """
        for protocol, details in self.connections.items():
            task = details.get("application_instance")
            if task is not None and getattr(protocol, "_response_started", False):
                task.cancel()

    async def drain(self, grace_seconds: float) -> None:
        """Close the sockets, give requests this long to end, then cut off the rest."""
        await self.stop_accepting()
        self._close_sockets()
        await self._wait_while(self._running, grace_seconds)
        left = self._running()
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CANCEL_SECONDS)
        self._drop_idle()
        await self._wait_while(lambda: self.open_transports, FLUSH_SECONDS)
        for transport in self.open_transports:
            transport.abortConnection()

    def _close_sockets(self) -> None:
        for protocol in list(self.connections):
            if isinstance(protocol, LimitedSocket):
                if protocol.state == protocol.STATE_OPEN:
                    protocol.sendClose(code=Restarting.close_code)
                elif hasattr(protocol, "handshake_deferred"):
                    protocol.serverReject()

    def _running(self) -> list[asyncio.Future[Any]]:
        instances = (
            details.get("application_instance") for details in self.connections.values()
        )
        return [task for task in instances if task is not None and not task.done()]

    def _drop_idle(self) -> None:
        """Close idle connections, which would delay the shutdown; flush written data
        first."""
        for transport in self.open_transports:
            transport.unregisterProducer()
            transport.loseConnection()

    async def _wait_while(self, busy: Any, seconds: float) -> None:
        end = time.monotonic() + seconds
        while busy() and time.monotonic() < end:  # noqa: ASYNC110 - Daphne has no event
            await asyncio.sleep(_PAUSE_SECONDS)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Like Daphne's, with a queue that pauses a socket when full, or reads the
        stored body of a request."""
        scope.setdefault("asgi", {"version": "3.0"})
        # Daphne takes it from a header that any client may send.
        scope["root_path"] = ""
        queue: asyncio.Queue[dict[str, Any]]
        if scope["type"] == "websocket":
            queue = MeteredQueue(protocol.transport)
        else:
            queue = BodyQueue(protocol.content, BODY_PART_BYTES)
            # Daphne would put all of it into the queue at once.
            protocol.content = io.BytesIO()
        send = partial(self.handle_reply, protocol)
        receive = partial(_receive, queue)
        instance = self.application(scope=scope, receive=receive, send=send)
        details = self.connections[protocol]
        details["application_instance"] = asyncio.ensure_future(instance)
        return queue

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Like Daphne's, but waits until the client has read the earlier output."""
        if message.get("type") in ("websocket.send", "http.response.body"):
            channel = getattr(protocol, "channel", None) or protocol
            if hasattr(channel, "gate"):
                await channel.gate.passable()
        await super().handle_reply(protocol, message)


async def _receive(queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    """The next message; other tasks run between the parts of a large body."""
    message = await queue.get()
    if message.get("more_body"):
        await asyncio.sleep(0)
    return message


def route_twisted_log() -> None:
    """Send Twisted's own log to Python's logging. Call it once."""
    globalLogBeginner.beginLoggingTo(
        [STDLibLogObserver("twisted")], redirectStandardIO=False, discardBuffer=True
    )
