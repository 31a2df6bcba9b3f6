"""Requests that are not HTTP, or only almost: refused, with one answer at most."""

from __future__ import annotations

import contextlib

import pytest

from tests.project.server.live_server import TinyServer, connection

pytestmark = pytest.mark.server

QUIET_SECONDS = 10.0
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
HOSTILE = {
    "a length and chunks": HEAD
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
    "two lengths": HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "a length with a sign": HEAD + b"Content-Length: +4\r\n\r\nabcd",
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a long line": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a long header": HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
    "many headers": HEAD + b"X: a\r\n" * 5_000 + b"\r\n",
    "no version": b"GET / HTTP\r\n\r\n",
    "rubbish": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "chunks that lie": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n",
    "a header without a colon": HEAD + b"nonsense\r\n\r\n",
    "a header with NUL": HEAD + b"X: a\0b\r\n\r\n",
    # The library of WebSockets would take these for the ends of lines.
    **{
        f"a {kind} with {sign!r}": head + b"X: a" + sign + b"b\r\n\r\n"
        for kind, head in (("request", HEAD), ("handshake", HANDSHAKE))
        for sign in (b"\x0b", b"\x0c", b"\x1c", b"\x85")
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_refuses_requests_that_are_not_http(server: TinyServer, name: str) -> None:
    answer, closed = b"", True
    with connection(server.port) as client:
        client.settimeout(QUIET_SECONDS)
        try:
            # Closed before all was sent, or kept open after the answer.
            with contextlib.suppress(ConnectionError):
                client.sendall(HOSTILE[name])
                while data := client.recv(65_536):
                    answer += data
        except TimeoutError:
            closed = False
    assert answer or closed
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    if " with b" in name:
        assert answer.startswith(b"HTTP/1.1 400 ")
