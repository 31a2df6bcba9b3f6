"""Starts `tests.project.server.tiny_server` and speaks to it over raw sockets."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil

from common.config import project_dir

PATIENCE_SECONDS = 20


class TinyServer:
    """The running process."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.project.server.tiny_server",
                json.dumps(settings),
            ],
            cwd=project_dir(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"

    @property
    def memory_mb(self) -> float:
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6

    def temporary_bytes(self) -> int:
        """What its open (perhaps already unlinked) temporary files hold."""
        total = 0
        for entry in psutil.Process(self.process.pid).open_files():
            with contextlib.suppress(OSError):
                path = f"/proc/{self.process.pid}/fd/{entry.fd}"
                with open(path, "rb") as file:  # noqa: PTH123 - a descriptor's link
                    total += file.seek(0, 2)
        return total

    def stop(self) -> str:
        """End it; what it has logged."""
        if self.process.poll() is None:
            self.process.terminate()
        output, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        return output


@contextlib.contextmanager
def tiny_server(**settings: Any) -> Iterator[TinyServer]:
    server = TinyServer({"shutdown_grace_seconds": 3, **settings})
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def connection(port: int, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """A plain TCP connection, with a small receive buffer if one is named."""
    with socket.socket() as client:
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(("127.0.0.1", port))
        yield client


def read_to_end(client: socket.socket) -> bytes:
    """All that comes until the other side closes, however it does."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65_536):
            received += data
    return received


def read_headers(client: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(1)
    return received


def upgrade(client: socket.socket, path: str, **headers: str) -> bytes:
    """Open a WebSocket by hand; the answer's headers."""
    ask_to_upgrade(client, path, **headers)
    return read_headers(client)


def ask_to_upgrade(client: socket.socket, path: str, **headers: str) -> None:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    client.sendall("\r\n".join([*lines, "", ""]).encode())


def send_until_blocked(client: socket.socket, data: bytes, total_bytes: int) -> int:
    """Send as much as the server takes; how much that was."""
    client.settimeout(2)
    sent = 0
    try:
        while sent < total_bytes:
            sent += client.send(data)
    except (TimeoutError, ConnectionError):
        pass
    return sent


def wait_for_status(client: httpx.Client, url: str, status: int) -> httpx.Response:
    """The first answer with this status: a server does not see at once that another
    client has gone."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while (answer := client.get(url)).status_code != status:
        assert time.monotonic() < ends_at, f"only {answer.status_code}"
        time.sleep(0.01)
    return answer


def wait_until_nobody_gets_in(port: int) -> None:
    """Until the server, which was told to stop, takes no new connections."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    with contextlib.suppress(ConnectionError):
        while True:
            with connection(port):
                time.sleep(0.01)
            assert time.monotonic() < ends_at, "it still lets clients in"


def wait_until_cut_off(client: socket.socket) -> None:
    """Until the other side has aborted the connection, although nothing is read."""
    poll = select.poll()
    poll.register(client, 0)
    assert poll.poll(PATIENCE_SECONDS * 1_000), "it was not cut off"


def seconds_until_closed(client: socket.socket) -> float:
    began = time.monotonic()
    read_to_end(client)
    return time.monotonic() - began
