"""The base of every WebSocket consumer: a gateway connection over Channels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from pydantic import BaseModel, TypeAdapter

from common.config import Config
from common.errors import VoiceError
from common.messages import Message, decode, encode
from gateway_app.access.authentication import offered_subprotocol
from gateway_app.access.principals import Principal
from gateway_app.access.proxies import client_address, header
from gateway_app.services import GatewayServices, gateway_services
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.limits import SocketLimits


class VoiceConsumer(AsyncConsumer):  # type: ignore[misc]
    """One socket. Subclasses set `kind` and `family`, give `limits`, and fill in the hooks.

    Hooks may use `send_message`, `pump`, `fail`, `gateway`, `session_id`, `client` and
    `principal`. What the hooks mean: see `gateway_app.sockets.interfaces.Handler`.
    """

    kind = "socket"
    family: TypeAdapter[Any] = TypeAdapter(Message)
    takes_halves = False
    """Whether messages may have halves of surrogate pairs, which are then looked for in
    the fields that matter."""
    # An audio socket must survive the loss of Redis, so it uses no channel layer.
    channel_layer_alias = "none"
    close_code: int | None = None
    """The client's close code, after it closed the connection."""

    def __init__(self) -> None:
        self.connection = Connection(self.kind, self, self)
        self.session_id = self.connection.session_id

    def limits(self, config: Config) -> SocketLimits:
        """The limits of this socket."""
        raise NotImplementedError

    async def opened(self) -> None:
        """See Handler."""

    @property
    def slice_bytes(self) -> int:
        return 1 << 20

    def on_audio(self, frame: bytes) -> None:
        """See Handler: audio in the encoding and rate that the client chose."""

    async def wait_for_capacity(self) -> None:
        """See Handler."""

    async def on_text(self, text: str) -> None:
        await self.on_message(decode(text, self.family, takes_halves=self.takes_halves))

    async def on_message(self, message: Any) -> None:
        """A message of the family."""

    async def finish(self, reason: str) -> None:
        """See Handler."""

    def warn(self, seconds: float) -> None:
        """See Handler."""

    async def closed(self) -> None:
        """See Handler."""

    def encode_error(self, error: VoiceError) -> str | bytes:
        # In ASCII, because an error may repeat half a surrogate pair from the client.
        return json.dumps(error.event(), allow_nan=False)

    @property
    def gateway(self) -> GatewayServices:
        return gateway_services(self.scope)

    @property
    def principal(self) -> Principal:
        return self.connection.principal

    @property
    def client(self) -> str:
        return self.connection.client

    @property
    def server_closed(self) -> bool:
        """Whether this side closed the connection."""
        return self.connection.server_closed

    async def send_message(self, message: BaseModel | dict[str, Any] | bytes) -> None:
        """Send one message, or audio; dropped after the end."""
        if isinstance(message, BaseModel):
            await self.connection.send(encode(message))
        elif isinstance(message, bytes):
            await self.connection.send(message)
        else:
            await self.connection.send(json.dumps(message, allow_nan=False))

    def pump(
        self, events: AsyncIterator[BaseModel | dict[str, Any] | bytes]
    ) -> asyncio.Task[None]:
        """Send every event in its own task; the socket closes when they end."""
        return self.connection.pump(events, self.send_message)

    def accompany(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None]:
        """Run it as a background task of the connection; it ends with the
        connection."""
        return self.connection.accompany(work)

    async def fail(self, error: VoiceError) -> None:
        """Send the error to the client, then close with its code."""
        await self.connection.fail(error)

    async def transmit(self, message: str | bytes) -> None:
        field = "text" if isinstance(message, str) else "bytes"
        await self.send({"type": "websocket.send", field: message})

    async def hang_up(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        async with self.connection.running():
            await super().__call__(scope, receive, send)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Pass Channels' messages on. Raises StopConsumer when the client has gone."""
        # Channels' own dispatch cleans up database connections on one shared
        # thread before every frame; nothing here touches the database.
        kind = message["type"]
        if kind == "websocket.receive":
            text = message.get("text")
            data = text if text is not None else message.get("bytes") or b""
            await self.connection.receive(data)
        elif kind == "websocket.connect":
            await self._connect()
        elif kind == "websocket.disconnect":
            self.close_code = message.get("code")
            raise StopConsumer

    async def _connect(self) -> None:
        # Accept first: only then can an error message give the reason.
        subprotocol = offered_subprotocol(self.scope)
        try:
            await self.send({"type": "websocket.accept", "subprotocol": subprotocol})
        except OSError:  # the client is gone; the disconnect is on its way
            return
        gateway = self.gateway
        self.connection.origin = header(self.scope, b"origin")
        await self.connection.open(
            gateway.sessions,
            replace(
                self.limits(gateway.config),
                messages_per_second=gateway.config.max_messages_per_second,
            ),
            client_address(self.scope),
            lambda: gateway.access.admit_socket(self.scope),
        )
