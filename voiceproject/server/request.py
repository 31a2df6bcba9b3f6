"""A request whose body is rejected before it is stored."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import structlog
from daphne.http_protocol import WebRequest

from common.errors import BadRequest, Restarting, TooLarge, VoiceError
from common.metrics import REFUSED_CONNECTIONS
from gateway_app.access.root_path import below
from gateway_app.error_shapes import NATIVE, ErrorShape
from gateway_app.path_hints import hint
from voiceproject.routes.body_limits import in_words
from voiceproject.server.peers import HEALTH, too_many_connections

log = structlog.get_logger(__name__)

LINGER_SECONDS = 5.0
"""How long a rejected client may keep sending, so that it can read the error."""
SMALL_BODY_BYTES = 64 * 1_024
"""The application checks the key of a request whose body is not larger."""
_KEY_BYTES = 16


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
    if status == HTTPStatus.UNAUTHORIZED:
        lines.append('WWW-Authenticate: Bearer realm="voice"')
    if error.retry_after_seconds is not None:
        lines.append(f"Retry-After: {error.retry_after_seconds:g}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class LimitedRequest(WebRequest):  # type: ignore[misc]
    """Its size, the number of bodies from its address, and for large ones the key are
    checked on the headers."""

    _limit_bytes = 0
    _target = b""
    _received_bytes = 0
    _refused = False
    _body_name: str | None = None
    """Set while the body counts as one in progress."""
    _deciding: asyncio.Future[None] | None = None
    """Set while the key is checked."""
    _held: list[bytes]
    _complete = False

    def gotLength(self, length: int | None) -> None:
        # Twisted sets a request's method and path only after the body has arrived.
        method, self._target = self.channel._command, self.channel._path
        self._limit_bytes = self.server.body_limits.of(method, self._target)
        too_large = (length or 0) > self._limit_bytes
        super().gotLength(0 if too_large else length)
        if self.channel.only_health:
            self.channel.persistent = False
            if not self._path_below().startswith(HEALTH):
                self._refuse(too_many_connections())
                return
        if too_large:
            self._refuse_body()
        elif length is None or length:
            self._begin_body(length)

    def _begin_body(self, length: int | None) -> None:
        scope = self._headers_scope()
        try:
            self._body_name = self.server.bodies.begin(scope)
        except VoiceError as error:
            self._refuse(error)
            return
        if self.server.admit_body and (length is None or length > SMALL_BODY_BYTES):
            self._held = []
            self._expects = self.requestHeaders.hasHeader(b"expect")
            self.requestHeaders.removeHeader(b"expect")
            self.channel.transport.pauseProducing()
            self._deciding = asyncio.ensure_future(self.server.admit_body(scope))
            self._deciding.add_done_callback(self._decided)

    def _headers_scope(self) -> dict[str, Any]:
        """What is known before the body, as an ASGI scope."""
        headers = [
            (name.lower(), value)
            for name, values in self.requestHeaders.getAllRawHeaders()
            for value in values
        ]
        return {
            "type": "http",
            "method": self.channel._command.decode("latin-1"),
            "path": self._path_below(),
            "headers": headers,
            "client": (getattr(self.channel.getPeer(), "host", ""), 0),
        }

    def _path_below(self) -> str:
        """The path, without the one that a proxy serves us under."""
        path = unquote(self._target.partition(b"?")[0].decode("latin-1"))
        return below(path, self.server.served_below)

    def _decided(self, deciding: asyncio.Future[None]) -> None:
        self._deciding = None
        if self.channel is None or self._refused or deciding.cancelled():
            return
        error = deciding.exception()
        if isinstance(error, VoiceError):
            self.channel.transport.resumeProducing()
            self._refuse(error)
            return
        if error is not None:
            # The application checks again, and says what is wrong.
            log.error("key not checked before the body", exc_info=error)
        if self._expects:
            self.channel._send100Continue()
        for data in self._held:
            self.handleContentChunk(data)
        if self._complete:
            self.process()
        else:
            self.channel.transport.resumeProducing()

    def handleContentChunk(self, data: bytes) -> None:
        if self._deciding is not None:
            self._held.append(data)
            return
        self._received_bytes += len(data)
        if self._received_bytes > self._limit_bytes:
            self._refuse_body()
        if not self._refused:
            super().handleContentChunk(data)

    def _refuse_body(self) -> None:
        if not self._refused:
            limit = in_words(self._limit_bytes)
            words = f"A request to this address may carry at most {limit}."
            self._refuse(TooLarge(words + hint(self._path_below())))

    def _refuse(self, error: VoiceError) -> None:
        """Respond now and close the connection; discard the rest."""
        self._refused = True
        REFUSED_CONNECTIONS.labels(error.code).inc()
        self._end_body()
        self.requestHeaders.removeHeader(b"expect")
        transport = self.channel.transport
        path = self._path_below()
        transport.write(plain_answer(error, self.server.error_shapes.of(path)))
        transport.loseWriteConnection()
        self.channel.abort_later(LINGER_SECONDS)
        log.info(
            "request refused",
            status=error.http_status,
            code=error.code,
            reason=error.message,
            client=getattr(self.channel.getPeer(), "host", ""),
            path=path,
        )

    def _end_body(self) -> None:
        if self._body_name is not None:
            self.server.bodies.end(self._body_name)
            self._body_name = None

    def connectionLost(self, reason: Any) -> None:
        self._end_body()
        if self._deciding is not None:
            self._deciding.cancel()
        super().connectionLost(reason)

    def process(self) -> Any:
        if self._deciding is not None:
            self._complete = True
            return None
        self._end_body()
        if self._refused:
            # The response is sent; an abort now could destroy it before the client
            # reads it.
            self.channel.abort_later(LINGER_SECONDS)
            return None
        if self.server.draining:
            self._refuse(Restarting("The server is restarting.", retry_after_seconds=1))
            return None
        if problem := self._problem_of_handshake():
            self._refuse(BadRequest(problem))
            return None
        # Daphne trusts this header from any client, and would build links from it.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return super().process()

    def _problem_of_handshake(self) -> str:
        """Why this is no WebSocket handshake although it asks for one; autobahn would
        fail in the middle of it."""
        headers = self.requestHeaders
        if headers.getRawHeaders(b"upgrade", [b""])[0].lower() != b"websocket":
            return ""
        if self.method != b"GET" or self.clientproto != b"HTTP/1.1":
            return "A WebSocket begins with a GET request of HTTP/1.1."
        if len(headers.getRawHeaders(b"host", [])) != 1:
            return "A WebSocket needs one `Host` header."
        connection = b",".join(headers.getRawHeaders(b"connection", []))
        if b"upgrade" not in connection.lower():
            return "A WebSocket needs the header `Connection: Upgrade`."
        if headers.getRawHeaders(b"sec-websocket-version", []) != [b"13"]:
            return "Only version 13 of the WebSocket protocol is spoken here."
        if not _is_key(headers.getRawHeaders(b"sec-websocket-key", [])):
            return "A WebSocket needs one `Sec-WebSocket-Key` header of 16 bytes."
        return ""


def _is_key(values: list[bytes]) -> bool:
    try:
        (value,) = values
        return len(base64.b64decode(value.strip(), validate=True)) == _KEY_BYTES
    except (ValueError, binascii.Error):
        return False
