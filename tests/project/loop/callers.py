"""Many callers at the same moment: `python -m tests.project.loop.callers KIND PORT NUMBER`.

A process of its own, so that its work is not taken for that of the server.
"""

from __future__ import annotations

import socket
import sys
import threading

HANDSHAKE = (
    b"GET /ws/stt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
UPLOAD_BYTES = 10_000_000
UPLOAD = (
    b"POST /v1/listen HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n"
) % UPLOAD_BYTES
PART = b"R" * 1_000_000


def shake_hands(sockets: list[socket.socket]) -> bytes:
    """Ask all for a WebSocket; how the answers should begin."""
    for each in sockets:
        each.sendall(HANDSHAKE)
    return b"HTTP/1.1 101"


def upload(sockets: list[socket.socket]) -> bytes:
    """Send what is no recording, which the server says when it has all of it."""
    senders = [threading.Thread(target=_send_file, args=(each,)) for each in sockets]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return b"HTTP/1.1 4"


def _send_file(connected: socket.socket) -> None:
    connected.sendall(UPLOAD)
    for _ in range(UPLOAD_BYTES // len(PART)):
        connected.sendall(PART)


CALLS = {"handshakes": shake_hands, "uploads": upload}


def call(kind: str, port: int, number: int) -> bool:
    """Whether all got the answers that they should get."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
    wanted = CALLS[kind](sockets)
    return [each.recv(len(wanted)) for each in sockets] == [wanted] * number


if __name__ == "__main__":
    sys.exit(not call(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
