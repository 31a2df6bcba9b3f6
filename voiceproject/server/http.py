"""Daphne's HTTP side with limits: body size, slow clients, connections."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import Protocol
from twisted.web.http import HTTPChannel

from common.errors import Overloaded, Restarting, TooLarge, VoiceError
from gateway_app.access.root_path import below
from gateway_app.error_shapes import NATIVE, ErrorShape
from gateway_app.path_hints import hint
from voiceproject.body_limits import in_words
from voiceproject.server.queue import WriteGate
from voiceproject.server.reactor import reactor

log = structlog.get_logger(__name__)

LINGER_SECONDS = 5.0
"""How long a rejected client may keep sending, so that it can read the error."""
LEAST_BODY_BYTES_PER_SECOND = 1_024
REQUEST_TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


def plain_answer(error: VoiceError, shape: ErrorShape = NATIVE) -> bytes:
    """The error as a complete HTTP response, sent without the application."""
    body = json.dumps(shape.body(error, None)).encode()
    status = shape.status(error)
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if error.retry_after_seconds is not None:
        lines.append(f"Retry-After: {error.retry_after_seconds:g}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class LimitedRequest(WebRequest):  # type: ignore[misc]
    """A request whose body is rejected before it is stored."""

    _limit_bytes = 0
    _target = b""
    _received_bytes = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        # Twisted sets a request's method and path only after the body has arrived.
        method, self._target = self.channel._command, self.channel._path
        self._limit_bytes = self.server.body_limits.of(method, self._target)
        too_large = (length or 0) > self._limit_bytes
        super().gotLength(0 if too_large else length)
        if too_large:
            self._refuse_body()

    def handleContentChunk(self, data: bytes) -> None:
        self._received_bytes += len(data)
        if self._received_bytes > self._limit_bytes:
            self._refuse_body()
        if not self._refused:
            super().handleContentChunk(data)

    def _refuse_body(self) -> None:
        if not self._refused:
            limit = in_words(self._limit_bytes)
            path = self.channel._path.decode("latin-1").partition("?")[0]
            path = below(path, self.server.served_below)
            self._refuse(
                TooLarge(
                    f"A request to this address may carry at most {limit}.{hint(path)}"
                )
            )

    def _refuse(self, error: VoiceError) -> None:
        """Respond now and close the connection; discard the rest."""
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")
        transport = self.channel.transport
        path = below(self._target.decode("latin-1"), self.server.served_below)
        transport.write(plain_answer(error, self.server.error_shapes.of(path)))
        transport.loseWriteConnection()
        self.channel.abort_later(LINGER_SECONDS)
        log.info("request refused", status=error.http_status, code=error.code)

    def process(self) -> Any:
        if self._refused:
            # The response is sent; an abort now could destroy it before the client
            # reads it.
            self.channel.abort_later(LINGER_SECONDS)
            return None
        if self.server.draining:
            self._refuse(Restarting("The server is restarting.", retry_after_seconds=1))
            return None
        # Daphne trusts this header from any client, and would build links from it.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return super().process()


class LimitedChannel(HTTPChannel):  # type: ignore[misc]
    """One connection: cuts off slow headers and bodies, waits for slow readers."""

    factory: Any
    _deadline: Any = None
    _in_request = False
    _received_bytes = 0

    def connectionMade(self) -> None:
        super().connectionMade()
        server = self.factory.server
        self.gate = WriteGate(self.transport, server.slow_reader_seconds)
        server.open_transports.add(self.transport)
        self._expect_headers()

    def dataReceived(self, data: bytes) -> None:
        self._received_bytes += len(data)
        self._expect_headers()
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        self._expect_headers()
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self._in_request = True
        self._set_deadline(None)
        self._expect_body()
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        self._set_deadline(None)
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        self._in_request = False
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:
        self._set_deadline(None)
        self.gate.stopProducing()
        self.factory.server.open_transports.discard(self.transport)
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        self.gate.pauseProducing()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        self.gate.resumeProducing()
        super().resumeProducing()

    def abort_later(self, seconds: float) -> None:
        self._set_deadline(reactor.callLater(seconds, self.transport.abortConnection))

    def _expect_headers(self) -> None:
        if self._deadline is None and not self._in_request:
            seconds = self.factory.server.header_timeout_seconds
            self._set_deadline(reactor.callLater(seconds, self._too_slow))

    def _expect_body(self) -> None:
        seconds = self.factory.server.header_timeout_seconds
        self._received_bytes = 0
        self._set_deadline(reactor.callLater(seconds, self._look_at_body, seconds))

    def _look_at_body(self, seconds: float) -> None:
        if self._received_bytes < LEAST_BODY_BYTES_PER_SECOND * seconds:
            self._too_slow()
        else:
            self._expect_body()

    def _set_deadline(self, deadline: Any) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = deadline

    def _too_slow(self) -> None:
        log.info("slow request cut off", received_bytes=self._received_bytes)
        if self._received_bytes:
            self.transport.write(REQUEST_TIMEOUT)
        self.loseConnection()
        self.abort_later(LINGER_SECONDS)


class Refusal(Protocol):  # type: ignore[misc]
    """Rejects a connection over the limit."""

    def connectionMade(self) -> None:
        reactor.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        error = Overloaded("Too many connections are open.", retry_after_seconds=5)
        self.transport.write(plain_answer(error))
        self.transport.loseConnection()


class LimitedHTTPFactory(HTTPFactory):  # type: ignore[misc]
    """Creates our channels and requests, up to the maximum number of connections."""

    protocol = LimitedChannel

    def buildProtocol(self, addr: Any) -> Any:
        if len(self.server.open_transports) >= self.server.max_connections:
            log.warning("connection refused", limit=self.server.max_connections)
            return Refusal()
        channel = super().buildProtocol(addr)
        # Django parses forms within bounds and off the event loop; Twisted does
        # neither.
        channel.requestFactory = partial(LimitedRequest, parsePOSTFormSubmission=False)
        return channel
