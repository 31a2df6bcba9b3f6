"""Nobody can fill the server's memory or hold its connections, in either direction."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Iterator

import httpx
import pytest
import websockets

from common.config import Config
from tests.project.server.live_server import (
    PATIENCE_SECONDS,
    TinyServer,
    ask_to_upgrade,
    connection,
    read_headers,
    read_to_end,
    seconds_until_closed,
    send_until_blocked,
    tiny_server,
    upgrade,
    wait_for_status,
    wait_until_cut_off,
    wait_until_nobody_gets_in,
)
from voiceproject.routes.body_limits import json_limit_bytes

pytestmark = pytest.mark.server

FLOOD_BYTES = 200_000_000
MOST_GROWTH_MB = 20.0
FRAME_BYTES = 64_000
MOST_STORED_BYTES = json_limit_bytes(Config())


def frame(content: bytes, opcode: int = 2, first_bits: int = 0x80) -> bytes:
    """A client's frame, masked with zeros."""
    length = len(content)
    if length < 126:
        size = struct.pack("!B", 0x80 | length)
    elif length < 65_536:
        size = struct.pack("!BH", 0x80 | 126, length)
    else:
        size = struct.pack("!BQ", 0x80 | 127, length)
    return bytes([first_bits | opcode]) + size + b"\0\0\0\0" + content


@pytest.fixture(scope="module")
def server() -> Iterator[TinyServer]:
    with tiny_server(
        header_timeout_seconds=2, slow_reader_seconds=30, ping_interval_seconds=60
    ) as running:
        yield running


def test_it_stops_reading_for_a_busy_session(server: TinyServer) -> None:
    before = server.memory_mb
    with connection(server.port) as client:
        upgrade(client, "/busy")
        sent = send_until_blocked(client, frame(os.urandom(FRAME_BYTES)), FLOOD_BYTES)
        assert sent < FLOOD_BYTES
        assert server.memory_mb - before < MOST_GROWTH_MB


def test_it_counts_tiny_frames_too(server: TinyServer) -> None:
    before = server.memory_mb
    with connection(server.port) as client:
        upgrade(client, "/busy")
        send_until_blocked(client, frame(b"x") * 10_000, FLOOD_BYTES)
        assert server.memory_mb - before < MOST_GROWTH_MB


def test_it_waits_for_a_socket_that_never_reads(server: TinyServer) -> None:
    before = server.memory_mb
    with connection(server.port, receive_buffer=4_096) as client:
        upgrade(client, "/flood")
        time.sleep(2)
        assert server.memory_mb - before < MOST_GROWTH_MB


def test_it_waits_for_a_download_that_is_never_read(server: TinyServer) -> None:
    before = server.memory_mb
    with connection(server.port, receive_buffer=4_096) as client:
        client.sendall(b"GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(2)
        assert server.memory_mb - before < MOST_GROWTH_MB


async def test_it_sends_all_to_a_client_that_reads(server: TinyServer) -> None:
    received = 0
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"{server.url}/flood") as response,
    ):
        async for part in response.aiter_raw():
            received += len(part)
    assert received > FLOOD_BYTES


@pytest.mark.parametrize("path", ["/", "/nowhere", "/ws/stt", "/tts"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_it_refuses_a_huge_body_before_storing_it(
    server: TinyServer, path: str, chunked: bool
) -> None:
    def pieces() -> Iterator[bytes]:
        piece = os.urandom(1_000_000)
        for _ in range(FLOOD_BYTES // len(piece)):
            largest.append(server.temporary_bytes())
            yield piece

    largest: list[int] = []
    before = server.memory_mb
    headers = {} if chunked else {"Content-Length": str(FLOOD_BYTES)}
    response = httpx.post(
        f"{server.url}{path}", content=pieces(), headers=headers, timeout=60
    )
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"
    assert server.memory_mb - before < MOST_GROWTH_MB
    assert max(largest) <= (MOST_STORED_BYTES if chunked else 0)


def test_it_says_where_a_recording_should_have_gone(server: TinyServer) -> None:
    response = httpx.post(f"{server.url}/audio/transcriptions", content=bytes(5_000))
    message = response.json()["error"]["message"]
    assert "Did you mean /v1/audio/transcriptions?" in message


def test_it_refuses_an_announced_body_at_once(server: TinyServer) -> None:
    with connection(server.port) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\nabc"
        )
        # It has only 3 of the bytes, and waits for none.
        assert read_headers(client).startswith(b"HTTP/1.1 413 ")


def test_it_does_not_ask_for_a_body_that_it_refuses(server: TinyServer) -> None:
    with connection(server.port) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer


@pytest.mark.parametrize(
    "drip",
    [
        b"X-Header: 1\r\n",
        b"x",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["slow headers", "endless line", "slow body"],
)
def test_it_cuts_a_slow_request(server: TinyServer, drip: bytes) -> None:
    with connection(server.port) as client:
        if not drip.startswith(b"POST"):
            client.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        client.settimeout(0.2)
        answer = b""
        while time.monotonic() - began < PATIENCE_SECONDS:
            try:
                client.sendall(drip)
                drip = b"x" if drip.startswith(b"POST") else drip
                if not (data := client.recv(1_000)):
                    break
                answer += data
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert 1 < time.monotonic() - began < PATIENCE_SECONDS


def test_it_closes_a_connection_that_says_nothing(server: TinyServer) -> None:
    with connection(server.port) as client:
        assert 1 < seconds_until_closed(client) < PATIENCE_SECONDS


def test_it_keeps_a_connection_for_the_next_request(server: TinyServer) -> None:
    with httpx.Client() as client:
        for body in (b"a", b"bc"):
            answer = client.post(server.url, content=body)
            assert answer.json()["bytes"] == len(body)
            time.sleep(2.5)


def test_it_answers_pipelined_requests(server: TinyServer) -> None:
    with connection(server.port) as client:
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        client.sendall(request * 2 + last)
        assert read_to_end(client).count(b"HTTP/1.1 200 OK") == 3


def test_it_ignores_a_root_path_from_outside(server: TinyServer) -> None:
    answer = httpx.get(server.url, headers={"Daphne-Root-Path": "/evil"})
    assert answer.json()["root_path"] == ""
    assert "daphne-root-path" not in answer.json()["headers"]


def test_it_does_not_name_its_software(server: TinyServer) -> None:
    assert "server" not in httpx.get(server.url).headers
    with connection(server.port) as client:
        assert b"\r\nserver:" not in upgrade(client, "/").lower()


def test_it_negotiates_no_compression(server: TinyServer) -> None:
    with connection(server.port) as client:
        answer = upgrade(client, "/", Sec_WebSocket_Extensions="permessage-deflate")
    assert b"101 " in answer
    assert b"permessage-deflate" not in answer.lower()


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (frame(b"x" * 200_000), 1009),
        (frame(b"", opcode=2, first_bits=0xC0), 1002),
        (frame(b"", opcode=5), 1002),
        (frame(b"x" * 126, opcode=9), 1002),
        (frame(b"\xff\xfe", opcode=1), 1007),
        (b"\x82\x01x", 1002),
        (b"\x82\xff" + struct.pack("!Q", 2**40) + b"\0\0\0\0", 1009),
    ],
    ids=["too large", "reserved bit", "opcode", "ping", "utf-8", "unmasked", "2^40"],
)
def test_it_says_what_was_wrong_with_a_frame(
    server: TinyServer, broken: bytes, code: int
) -> None:
    with connection(server.port) as client:
        upgrade(client, "/")
        client.sendall(broken)
        answer = read_to_end(client)
    assert answer[0] == 0x88
    assert struct.unpack("!H", answer[2:4])[0] == code


async def test_it_passes_messages_up_to_its_limit(server: TinyServer) -> None:
    message = os.urandom(128 * 1024)
    async with websockets.connect(server.ws_url) as socket:
        await socket.send(message)
        assert await socket.recv() == message


async def test_it_may_send_more_than_it_takes(server: TinyServer) -> None:
    async with websockets.connect(f"{server.ws_url}/large") as socket:
        assert len(await socket.recv()) == 1_000_000
        await socket.send(b"x" * 200_000)
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_it_keeps_frames_that_come_before_it_accepts(server: TinyServer) -> None:
    with connection(server.port) as client:
        ask_to_upgrade(client, "/late")
        time.sleep(0.3)
        client.sendall(frame(b"early", opcode=1))
        assert read_headers(client).startswith(b"HTTP/1.1 101 ")
        assert client.recv(7) == b"\x81\x05early"


def test_it_drops_a_client_that_floods_before_it_accepts(server: TinyServer) -> None:
    before = server.memory_mb
    with connection(server.port) as client:
        ask_to_upgrade(client, "/late")
        time.sleep(0.3)
        data = frame(os.urandom(FRAME_BYTES))
        assert send_until_blocked(client, data, FLOOD_BYTES) < FLOOD_BYTES
        assert server.memory_mb - before < MOST_GROWTH_MB


def test_it_cuts_off_who_reads_nothing() -> None:
    with (
        tiny_server(slow_reader_seconds=1) as server,
        connection(server.port, receive_buffer=4_096) as download,
        connection(server.port, receive_buffer=4_096) as socket,
    ):
        download.sendall(b"GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        upgrade(socket, "/flood")
        wait_until_cut_off(download)
        wait_until_cut_off(socket)
        assert len(read_to_end(download)) < FLOOD_BYTES / 4
        assert len(read_to_end(socket)) < FLOOD_BYTES / 4
        assert server.stop().count("slow reader cut off") == 2


def test_it_keeps_who_reads_slowly() -> None:
    with (
        tiny_server(slow_reader_seconds=2) as server,
        connection(server.port, receive_buffer=65_536) as client,
    ):
        client.sendall(b"GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        began = time.monotonic()
        while time.monotonic() - began < 5:
            assert client.recv(30_000)
            time.sleep(0.05)


def test_it_drops_a_client_that_does_not_answer_pings() -> None:
    with (
        tiny_server(ping_interval_seconds=1) as server,
        connection(server.port) as client,
    ):
        upgrade(client, "/")
        assert seconds_until_closed(client) < PATIENCE_SECONDS


def test_it_pings_no_client_that_it_does_not_read_itself() -> None:
    with (
        tiny_server(ping_interval_seconds=1) as server,
        connection(server.port) as client,
    ):
        upgrade(client, "/busy")
        data = frame(os.urandom(FRAME_BYTES))
        assert send_until_blocked(client, data, FLOOD_BYTES) < FLOOD_BYTES
        time.sleep(5)
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while client.recv(1_000):
                pass


def test_it_answers_one_connection_too_many() -> None:
    with (
        tiny_server(max_connections=2, header_timeout_seconds=60) as server,
        connection(server.port) as first,
        connection(server.port) as second,
    ):
        upgrade(first, "/")
        second.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        read_headers(second)
        refused = httpx.get(server.url)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        assert refused.json()["error"]["code"] == "overloaded"
        first.close()
        with httpx.Client() as third:
            wait_for_status(third, server.url, 200)


async def test_it_logs_a_failing_socket_once_and_closes_it() -> None:
    with tiny_server() as server:
        async with websockets.connect(server.ws_url) as socket:
            await socket.send("fail")
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
        assert server.stop().count("asked to fail") >= 1


def test_it_finishes_a_request_when_it_is_told_to_stop() -> None:
    with tiny_server() as server, connection(server.port) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        with connection(server.port) as client:
            client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            read_headers(client)
            server.process.terminate()
            answer = read_to_end(client)
        # In chunks: the size and the text of the first, and those of the second.
        assert json.loads(answer.split(b"\r\n")[3])["bytes"] == 0
        assert server.process.wait(PATIENCE_SECONDS) == 0


async def test_it_closes_sockets_with_4512_when_it_is_told_to_stop() -> None:
    with tiny_server() as server:
        async with websockets.connect(server.ws_url) as socket:
            server.process.terminate()
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4512
        assert server.process.wait(PATIENCE_SECONDS) == 0


def test_it_refuses_requests_on_old_connections_while_it_stops() -> None:
    with tiny_server() as server, httpx.Client(timeout=10) as client:
        client.get(server.url)
        with connection(server.port) as busy:
            busy.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read_headers(busy).startswith(b"HTTP/1.1 200 OK")
            server.process.terminate()
            wait_until_nobody_gets_in(server.port)
            refused = client.get(server.url)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "restarting"
            assert b'"bytes"' in read_to_end(busy)
