"""The base of every WebSocket: who may come in, what a frame is, and the hooks."""

from __future__ import annotations

import math
from typing import Any

import structlog
from pydantic import TypeAdapter
from structlog.contextvars import bind_contextvars

from common.errors import (
    BadRequest,
    IdleTimeout,
    Restarting,
    SessionExpired,
    TooLarge,
    VoiceError,
)
from common.messages import Message, decode
from gateway_app.access.authentication import offered_subprotocol
from gateway_app.access.principals import ANONYMOUS, Principal
from gateway_app.access.proxies import client_address
from gateway_app.access.quotas import holder
from gateway_app.services import GatewayServices, gateway_services
from gateway_app.sockets.connection import Socket
from gateway_app.sockets.lifetime import Lifetime
from gateway_app.sockets.sessions import RETRY_SECONDS, Seat

log = structlog.get_logger(__name__)

MAX_STRIKES = 3
"""So many malformed messages in a row close the socket."""


class VoiceConsumer(Socket):
    """One socket. Subclasses set `kind` and `family` and fill in the hooks.

    Hooks may use `send_message`, `pump`, `fail`, `gateway`, `session_id`,
    `client` and `principal`. Where there are settings of these names, they bound the
    sockets of a kind: `<kind>_max_sessions`, `<kind>_idle_seconds` and
    `<kind>_session_seconds`.
    """

    family: TypeAdapter[Any] = TypeAdapter(Message)

    def __init__(self) -> None:
        super().__init__()
        self.client = ""
        self.principal: Principal = ANONYMOUS
        self._seat: Seat | None = None
        self._strikes = 0
        self._opened = False
        self._lifetime = Lifetime(math.inf, math.inf)

    async def opened(self) -> None:
        """The caller was let in. A VoiceError raised here closes the socket."""

    @property
    def slice_bytes(self) -> int:
        """`on_audio` gets longer frames in pieces of this size."""
        return 1 << 20

    def on_audio(self, frame: bytes) -> None:
        """A binary frame, or a piece of one. It must not wait."""

    async def room(self) -> None:
        """Awaited after each frame: wait here while the session is behind."""

    async def on_text(self, text: str) -> None:
        """A text frame. A BadRequest is told to the client, and the socket stays open."""
        await self.on_message(decode(text, self.family))

    async def on_message(self, message: Any) -> None:
        """A message of the family."""

    async def finish(self, reason: str) -> None:
        """The server wants to end it: send what is left; a notice and a close follow.

        `reason` is `restarting`, `idle` or `expired`.
        """

    def warn(self, seconds: float) -> None:
        """The longest time that this connection may last ends in so many seconds."""

    async def closed(self) -> None:
        """The socket has ended, however it did. Called once if `opened` was called."""

    @property
    def gateway(self) -> GatewayServices:
        return gateway_services(self.scope)

    async def drain(self) -> None:
        """The server shuts down (see SessionRegistry)."""
        notice = "The server is restarting."
        error = Restarting(notice, retry_after_seconds=RETRY_SECONDS)
        await self._finish_and_fail("restarting", error)

    async def _finish_and_fail(self, reason: str, error: VoiceError) -> None:
        self._draining = True
        await self._guarded(lambda: self.finish(reason))
        await self.fail(error)

    async def _watch_lifetime(self) -> None:
        try:
            await self._lifetime.watch(self.warn)
        except IdleTimeout as error:
            await self._finish_and_fail("idle", error)
        except SessionExpired as error:
            await self._finish_and_fail("expired", error)

    async def _connected(self) -> None:
        subprotocol = offered_subprotocol(self.scope)
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})
        gateway = self.gateway
        self.client = client_address(self.scope)
        bind_contextvars(client=self.client)
        self.principal = await gateway.access.admit_socket(self.scope)
        bind_contextvars(principal=self.principal.id)
        config = gateway.config
        limit = getattr(config, f"{self.kind}_max_sessions", None)
        self._seat = gateway.sessions.open(
            self.kind,
            self,
            limit=limit,
            holder=holder(self.principal, self.client),
            holder_limit=self.principal.limits.sessions,
        )
        log.info("socket opened", kind=self.kind)
        self._opened = True
        await self.opened()
        self._lifetime = Lifetime(
            getattr(config, f"{self.kind}_idle_seconds", math.inf),
            getattr(config, f"{self.kind}_session_seconds", math.inf),
        )
        if self._lifetime.limited:
            self.accompany(self._watch_lifetime)

    async def _received(self, message: dict[str, Any]) -> None:
        self._lifetime.touch()
        frame, text = message.get("bytes"), message.get("text")
        self._check_size(frame if frame is not None else text or "")
        if text is not None:
            await self._heard_text(text)
        elif frame:
            self._strikes = 0
            for start in range(0, len(frame), self.slice_bytes):
                self.on_audio(frame[start : start + self.slice_bytes])
                await self.room()

    async def _heard_text(self, text: str) -> None:
        try:
            await self.on_text(text)
        except BadRequest as error:
            self._strikes += 1
            if self._strikes >= MAX_STRIKES:
                raise
            await self._tell(error)
        else:
            self._strikes = 0

    def _check_size(self, frame: bytes | str) -> None:
        limit_kb = self.gateway.config.max_message_kb
        size = len(frame) if isinstance(frame, bytes) else len(frame.encode())
        if size > limit_kb * 1024:
            raise TooLarge(f"A WebSocket message may be {limit_kb} KiB at most.")

    async def _ended(self) -> None:
        try:
            if self._opened:
                await self.closed()
        finally:
            if self._seat is not None:
                self._seat.close()
