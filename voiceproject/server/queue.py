"""Back-pressure in both directions: a metered input queue and an output gate."""

from __future__ import annotations

import asyncio
from typing import Any, BinaryIO

import structlog
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from voiceproject.server.reactor import reactor

log = structlog.get_logger(__name__)

HIGH_BYTES = 256 * 1024
LOW_BYTES = HIGH_BYTES // 2
MESSAGE_OVERHEAD_BYTES = 256
"""Overhead per message, so that tiny ones count too."""


def _size(message: dict[str, Any]) -> int:
    content = message.get("bytes") or message.get("text") or b""
    return len(content) + MESSAGE_OVERHEAD_BYTES


class MeteredQueue(asyncio.Queue[dict[str, Any]]):
    """Counts the queued bytes; pauses the socket when full, until half empty."""

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self._transport = transport
        self._bytes = 0
        self.full_of_bytes = False

    def _put(self, item: dict[str, Any]) -> None:
        super()._put(item)
        self._bytes += _size(item)
        if self._bytes > HIGH_BYTES and not self.full_of_bytes:
            self.full_of_bytes = True
            self._transport.pauseProducing()

    def _get(self) -> dict[str, Any]:
        item: dict[str, Any] = super()._get()
        self._bytes -= _size(item)
        if self.full_of_bytes and self._bytes < LOW_BYTES:
            self.full_of_bytes = False
            self._transport.resumeProducing()
        return item


class BodyQueue(asyncio.Queue[dict[str, Any]]):
    """The messages of an HTTP request. Its stored body is read part by part, each when
    it is taken, so a large body is never in memory as a whole.

    The message that ends the body must be put, as one without content.
    """

    def __init__(self, body: BinaryIO, part_bytes: int) -> None:
        super().__init__()
        self._body = body
        self._part_bytes = part_bytes

    async def get(self) -> dict[str, Any]:
        if not self._body.closed:
            if part := self._body.read(self._part_bytes):
                return {"type": "http.request", "body": part, "more_body": True}
            # The application has its own copy; the disk need not hold two for long.
            self._body.close()
        return await super().get()


@implementer(IPushProducer)
class WriteGate:
    """Closed while the client has unread output; disconnects one that reads nothing.

    Twisted calls `pauseProducing` when its write buffer passes 64 KiB and
    `resumeProducing` when it has run empty.
    """

    def __init__(self, transport: Any, patience_seconds: float) -> None:
        self._transport = transport
        self._patience_seconds = patience_seconds
        self._watch: Any = None
        self._open = asyncio.Event()
        self._open.set()

    async def passable(self) -> None:
        """Return when there is room to write, or the connection is gone."""
        await self._open.wait()

    def pauseProducing(self) -> None:
        self._open.clear()
        if self._watch is None:
            self._look_again_later()

    def resumeProducing(self) -> None:
        self._open.set()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def stopProducing(self) -> None:
        self.resumeProducing()

    def _look_again_later(self) -> None:
        self._watch = reactor.callLater(
            self._patience_seconds, self._look, _unsent_bytes(self._transport)
        )

    def _look(self, unsent_before: int) -> None:
        if _unsent_bytes(self._transport) < unsent_before:
            self._look_again_later()
            return
        self._watch = None
        log.warning("slow reader cut off", after_seconds=self._patience_seconds)
        self._transport.abortConnection()


def _unsent_bytes(transport: Any) -> int:
    """The size of Twisted's write buffer; there is no public name for it."""
    waiting = len(transport.dataBuffer) - transport.offset
    return int(waiting + transport._tempDataLen)
