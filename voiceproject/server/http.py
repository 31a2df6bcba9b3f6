"""Daphne's HTTP side with limits: slow clients, and connections."""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from daphne.http_protocol import HTTPFactory
from twisted.internet.protocol import Protocol
from twisted.web.http import HTTPChannel

from common.errors import Overloaded, VoiceError
from common.metrics import REFUSED_CONNECTIONS
from voiceproject.server.queue import WriteGate
from voiceproject.server.reactor import reactor
from voiceproject.server.request import LINGER_SECONDS, LimitedRequest, plain_answer

log = structlog.get_logger(__name__)

_HEALTH_SECONDS = 2.0
"""Time limit for the headers on a connection that is only for `/health`."""
LEAST_BODY_BYTES_PER_SECOND = 1_024
REQUEST_TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


class LimitedChannel(HTTPChannel):  # type: ignore[misc]
    """One connection: cuts off slow headers and bodies, waits for slow readers."""

    factory: Any
    _deadline: Any = None
    _in_request = False
    _received_bytes = 0
    _body_ends_at = 0.0
    _entered = False
    only_health = False
    """Whether it is one of the connections above the limit."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self._early: list[bytes] = []
        server = self.factory.server
        self.gate = WriteGate(self.transport, server.slow_reader_seconds)
        self.only_health = server.open_transports.only_health
        server.open_transports.add(self.transport)
        self._expect_headers()

    def dataReceived(self, data: bytes) -> None:
        self._received_bytes += len(data)
        self._expect_headers()
        if self._entered:
            super().dataReceived(data)
            return
        self._early.append(data)
        if len(self._early) == 1:
            self.factory.server.arrivals.enter(self._enter)

    def _enter(self) -> None:
        self._entered = True
        early, self._early = b"".join(self._early), []
        if self.transport is not None and not self.transport.disconnected:
            super().dataReceived(early)

    def lineReceived(self, line: bytes) -> None:
        self._expect_headers()
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self._in_request = True
        self._set_deadline(None)
        self._body_ends_at = (
            reactor.seconds() + self.factory.server.body_timeout_seconds
        )
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
            if self.only_health:
                seconds = min(seconds, _HEALTH_SECONDS)
            self._set_deadline(reactor.callLater(seconds, self._too_slow))

    def _expect_body(self) -> None:
        left = max(0.0, self._body_ends_at - reactor.seconds())
        seconds = min(self.factory.server.header_timeout_seconds, left)
        self._received_bytes = 0
        self._set_deadline(reactor.callLater(seconds, self._look_at_body, seconds))

    def _look_at_body(self, seconds: float) -> None:
        is_over = reactor.seconds() >= self._body_ends_at
        if is_over or self._received_bytes < LEAST_BODY_BYTES_PER_SECOND * seconds:
            self._too_slow()
        else:
            self._expect_body()

    def _set_deadline(self, deadline: Any) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = deadline

    def _too_slow(self) -> None:
        REFUSED_CONNECTIONS.labels("slow").inc()
        log.info(
            "slow request cut off",
            received_bytes=self._received_bytes,
            client=getattr(self.transport.getPeer(), "host", ""),
        )
        if self._received_bytes:
            self.transport.write(REQUEST_TIMEOUT)
        self.loseConnection()
        self.abort_later(LINGER_SECONDS)


class Refusal(Protocol):  # type: ignore[misc]
    """Rejects a connection over a limit."""

    def __init__(self, error: VoiceError) -> None:
        self._error = error

    def connectionMade(self) -> None:
        reactor.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(plain_answer(self._error))
        self.transport.loseConnection()


class LimitedHTTPFactory(HTTPFactory):  # type: ignore[misc]
    """Creates our channels and requests, up to the maximum number of connections."""

    protocol = LimitedChannel

    def buildProtocol(self, addr: Any) -> Any:
        address = getattr(addr, "host", "")
        if error := self.server.open_transports.refusal(address):
            is_full = isinstance(error, Overloaded)
            reason = "server_full" if is_full else "address_full"
            REFUSED_CONNECTIONS.labels(reason).inc()
            log.warning("connection refused", reason=error.message, client=address)
            return Refusal(error)
        channel = super().buildProtocol(addr)
        # Django parses forms within bounds and off the event loop; Twisted does
        # neither.
        channel.requestFactory = partial(LimitedRequest, parsePOSTFormSubmission=False)
        return channel
