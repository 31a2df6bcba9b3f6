"""Daphne's WebSocket side with back pressure and a clean close."""

from __future__ import annotations

from typing import Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from voiceproject.server.queue import HIGH_BYTES, MeteredQueue, WriteGate


class LimitedSocket(WebSocketProtocol):  # type: ignore[misc]
    """One WebSocket: waits for a slow reader, and buffers little before it is
    accepted."""

    application_queue: MeteredQueue
    maxMessagePayloadSize: int
    maxFramePayloadSize: int
    _early = b""

    def onConnect(self, request: Any) -> Any:
        server = self.factory.server_class
        self.gate = WriteGate(self.transport, server.slow_reader_seconds)
        limit_bytes = server.message_limits.of(request.path)
        self.maxMessagePayloadSize = self.maxFramePayloadSize = limit_bytes
        # The HTTP channel that did the upgrade is still registered.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.gate, streaming=True)
        return super().onConnect(request)

    def dataReceived(self, data: bytes) -> None:
        """Buffers frames, within bounds, until the application accepts."""
        if not hasattr(self, "handshake_deferred"):
            super().dataReceived(data)
            return
        self._early += data
        if len(self._early) > HIGH_BYTES:
            self.transport.abortConnection()

    def serverAccept(self, subprotocol: str | None = None) -> None:
        super().serverAccept(subprotocol)
        early, self._early = self._early, b""
        if early:
            super().dataReceived(early)

    def sendMessage(self, payload: bytes, *options: Any, **more: Any) -> None:
        """Of any size: autobahn would apply the clients' limit to our messages."""
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(payload, *options, **more)
        finally:
            self.maxMessagePayloadSize = limit

    def onAutoPingTimeout(self) -> None:
        """A pong may be queued behind input that we do not read."""
        if not self.application_queue.full_of_bytes:
            super().onAutoPingTimeout()

    def connectionLost(self, reason: Any) -> None:
        server = self.factory.server_class
        server.open_transports.discard(self.transport)
        if hasattr(self, "gate"):
            self.gate.stopProducing()
        super().connectionLost(reason)


class LimitedWebSocketFactory(WebSocketFactory):  # type: ignore[misc]
    """Creates our sockets."""

    protocol = LimitedSocket
