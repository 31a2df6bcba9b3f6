"""One address cannot take the server from the others."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.project.server.live_server import (
    PATIENCE_SECONDS,
    TinyServer,
    connection,
    read_headers,
    read_to_end,
    seconds_until_closed,
    tiny_server,
    wait_for_status,
)

pytestmark = pytest.mark.server

HANDSHAKE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture(scope="module")
def server() -> Iterator[TinyServer]:
    with tiny_server(
        max_connections_per_address=8,
        max_bodies_per_address=3,
        body_timeout_seconds=2,
        header_timeout_seconds=20,
        api_keys=["key"],
    ) as running:
        yield running


def start_body(length: int = 1_000, *headers: str, path: str = "/tts") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def test_it_bounds_the_connections_of_an_address(server: TinyServer) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(8):
            held.enter_context(connection(server.port))
        refused = httpx.get(server.url)
        assert refused.status_code == 429
        assert "max_connections_per_address" in refused.json()["error"]["message"]
    with httpx.Client() as client:
        wait_for_status(client, server.url, 200)


def test_it_bounds_the_bodies_of_an_address(server: TinyServer) -> None:
    with contextlib.ExitStack() as held:
        clients = [held.enter_context(connection(server.port)) for _ in range(4)]
        for client in clients:
            client.sendall(start_body())
        answers = [read_headers(clients[-1])]
        assert answers[0].startswith(b"HTTP/1.1 429 ")
        assert httpx.get(server.url).status_code == 200
        clients[0].sendall(bytes(1_000))
        assert read_headers(clients[0]).startswith(b"HTTP/1.1 200 ")


def test_a_whole_body_has_a_time_limit_however_steadily_it_comes(
    server: TinyServer,
) -> None:
    with connection(server.port) as client:
        client.sendall(start_body(60_000))
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < PATIENCE_SECONDS:
                client.sendall(bytes(500))
                time.sleep(0.1)
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert read_to_end(client).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_large_body_without_a_valid_key_is_refused_on_its_headers(
    server: TinyServer, key: str
) -> None:
    with connection(server.port) as client:
        header = [f"X-API-Key: {key}"] if key else []
        path = "/v1/audio/transcriptions"
        client.sendall(
            start_body(20_000_000, *header, "Expect: 100-continue", path=path)
        )
        assert read_headers(client).startswith(b"HTTP/1.1 401 ")
        assert server.temporary_bytes() == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_with_a_valid_key_is_read_whole(
    server: TinyServer, chunked: bool
) -> None:
    data = bytes(3_000_000)
    answer = httpx.post(
        f"{server.url}/v1/audio/transcriptions",
        content=iter([data]) if chunked else data,
        headers={"X-API-Key": "key"},
    )
    assert answer.status_code == 200
    assert answer.json()["bytes"] == len(data)


def test_who_waits_for_the_go_ahead_gets_it_with_a_valid_key(
    server: TinyServer,
) -> None:
    with connection(server.port) as client:
        headers = ("X-API-Key: key", "Expect: 100-continue")
        path = "/v1/audio/transcriptions"
        client.sendall(start_body(100_000, *headers, path=path))
        assert read_headers(client).startswith(b"HTTP/1.1 100 ")
        client.sendall(bytes(100_000))
        assert read_headers(client).startswith(b"HTTP/1.1 200 ")


def test_the_health_is_answered_above_the_limit() -> None:
    with tiny_server(max_connections=2, header_timeout_seconds=60) as server:
        with connection(server.port), connection(server.port):
            assert httpx.get(server.url).status_code == 503
            assert httpx.get(f"{server.url}/health/live").status_code == 200
            with connection(server.port) as idle:
                assert seconds_until_closed(idle) < PATIENCE_SECONDS
        with httpx.Client() as client:
            wait_for_status(client, server.url, 200)


BROKEN_HANDSHAKES: list[dict[str, str]] = [
    {"Sec-WebSocket-Key": ""},
    {"Sec-WebSocket-Key": "short"},
    {"Sec-WebSocket-Version": "8"},
    {"Host": ""},
    {"Connection": "close"},
    {"method": "POST"},
    {"version": "HTTP/1.0"},
]


def test_broken_handshakes_are_lines_in_the_log_without_a_traceback() -> None:
    with tiny_server() as server:
        for change in BROKEN_HANDSHAKES:
            given = {"method": "GET", "version": "HTTP/1.1", **HANDSHAKE, **change}
            lines = [f"{given.pop('method')} / {given.pop('version')}"]
            lines += [f"{name}: {value}" for name, value in given.items() if value]
            with connection(server.port) as client:
                client.sendall("\r\n".join([*lines, "", ""]).encode())
                assert read_to_end(client).startswith(b"HTTP/1.1 400 "), change
        output = server.stop()
    assert output.count("request refused") == len(BROKEN_HANDSHAKES)
    assert "Traceback" not in output
