"""The life of a WebSocket: what it sends, how it fails, and that it ends once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from pydantic import BaseModel

from common.errors import VoiceError
from common.messages import encode
from common.metrics import ERRORS
from gateway_app.responses import INTERNAL

log = structlog.get_logger(__name__)


class Socket(AsyncConsumer):  # type: ignore[misc]
    """One connection, with the edge where every mistake becomes an error event."""

    kind = "socket"
    # An audio socket must survive the loss of Redis, so it takes no channel layer.
    channel_layer_alias = "none"

    def __init__(self) -> None:
        self.session_id = uuid.uuid4().hex
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._draining = False
        self._server_closed = False
        self.close_code: int | None = None
        """How the client ended the connection, once it did."""

    async def _connected(self) -> None:
        """The handshake has come."""

    async def _received(self, message: dict[str, Any]) -> None:
        """A frame has come."""

    async def _ended(self) -> None:
        """The connection has ended, however it did."""

    @property
    def server_closed(self) -> bool:
        """Whether it was this side that ended the connection."""
        return self._server_closed

    async def send_message(self, message: BaseModel | dict[str, Any]) -> None:
        """Send one message; after the end it is dropped."""
        if isinstance(message, BaseModel):
            text = encode(message)
        else:
            # In ASCII, because an error may repeat half a character of the client's.
            text = json.dumps(message, allow_nan=False)
        await self._send({"type": "websocket.send", "text": text})

    def pump(
        self, events: AsyncIterator[BaseModel | dict[str, Any]]
    ) -> asyncio.Task[None]:
        """Send every event in a task of its own; the socket closes when they end."""

        async def send_all() -> None:
            async for event in events:
                await self.send_message(event)
            if not self._draining:
                await self.close()

        return self.accompany(send_all)

    def accompany(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None]:
        """Run it beside the connection; it ends with it."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        return task

    async def fail(self, error: VoiceError) -> None:
        """Tell the client what is wrong, then close with the error's code."""
        if self._closing:
            return
        await self._tell(error)
        await self.close(error.close_code)

    async def close(self, code: int = 1000) -> None:
        if self._closing:
            return
        await self._send({"type": "websocket.close", "code": code})
        self._closing = self._server_closed = True
        log.debug("socket closed by the server", code=code)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(session_id=self.session_id):
            try:
                await super().__call__(scope, receive, send)
            finally:
                self._closing = True
                await self._end()
                seconds = round(time.monotonic() - began, 3)
                log.info("socket ended", kind=self.kind, seconds=seconds)

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own dispatch cleans up database connections on one shared
        # thread before every frame; nothing here touches the database.
        kind = message["type"]
        if kind == "websocket.receive":
            if not self._closing:
                await self._guarded(lambda: self._received(message))
        elif kind == "websocket.connect":
            await self._guarded(self._connected)
        elif kind == "websocket.disconnect":
            self.close_code = message.get("code")
            raise StopConsumer

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The edge: whatever goes wrong inside becomes an error event and a close."""
        try:
            await work()
        except VoiceError as error:
            await self.fail(error)
        except Exception:
            log.exception("socket failed", kind=self.kind)
            await self.fail(VoiceError(INTERNAL))

    async def _tell(self, error: VoiceError) -> None:
        ERRORS.labels(error.code).inc()
        log.info("socket error", kind=self.kind, code=error.code)
        await self.send_message(error.event())

    async def _send(self, message: dict[str, Any]) -> None:
        if self._closing:
            return
        try:
            await self.send(message)
        except OSError:  # the client is gone; the disconnect is on its way
            self._closing = True

    async def _end(self) -> None:
        try:
            await self._ended()
        except Exception:
            log.exception("socket failed to end", kind=self.kind)
        finally:
            for task in self._tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*self._tasks, return_exceptions=True)
