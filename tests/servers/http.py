"""A small real HTTP server whose answers a test scripts, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass
class Request:
    """One request, and what became of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Which connection it came on: equal numbers mean that it was kept open."""
    arrived_at: float = field(default_factory=time.monotonic)
    left_at: float | None = None
    """When the client hung up before the answer was complete."""
    complete: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply:
    """Writes one answer, in chunks that reach the client as they are written."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def begin(
        self,
        status: int,
        content_type: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"HTTP/1.1 {status} Scripted\r\nContent-Type: {content_type}\r\n{more}"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        await self._write(head.encode())

    async def chunk(self, data: bytes) -> None:
        await self._write(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self._write(b"0\r\n\r\n")

    async def whole(
        self,
        status: int,
        content_type: str,
        data: bytes,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        await self.begin(status, content_type, headers)
        await self.chunk(data)
        await self.end()

    async def cut(self) -> None:
        """Close the connection in the middle of the answer."""
        self._writer.close()

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


Behaviour = Callable[[Request, Reply], Awaitable[None]]


class ScriptedServer:
    """Listens on a free port of 127.0.0.1 in a thread of its own.

    Subclasses route a request to a Behaviour. What clients did is in `requests`.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._tls = tls
        self.port = 0
        self._connections = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def route(self, request: Request) -> Behaviour:
        raise NotImplementedError

    def __enter__(self) -> Any:
        self._thread.start()
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def listen(self) -> None:
        """Accept connections, again at the same port after `vanish`."""
        self._in_loop(self._listen())

    def vanish(self) -> None:
        """Close the port and every connection, as a killed server does."""
        self._in_loop(self._vanish())

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def _in_loop(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _vanish(self) -> None:
        if self._server is not None:
            self._server.close()
        ours = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not ours]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._connections += 1
        number = self._connections
        with contextlib.suppress(
            asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError
        ):
            while True:
                request = await _read(reader, number)
                self.requests.append(request)
                await self._answer(request, reader, writer)
        writer.close()

    async def _answer(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        answering = asyncio.ensure_future(self.route(request)(request, Reply(writer)))
        leaving = asyncio.create_task(_gone(reader))
        try:
            await asyncio.wait({answering, leaving}, return_when="FIRST_COMPLETED")
            # It may be a write that finds out first.
            if not answering.done() or _is_lost(answering):
                request.left_at = time.monotonic()
                raise ConnectionError
            answering.result()
            request.complete = not writer.is_closing()
        finally:
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)


async def _read(reader: asyncio.StreamReader, connection: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    pairs = (line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body, connection)


def _is_lost(answering: asyncio.Future[None]) -> bool:
    return isinstance(answering.exception(), ConnectionError)


async def _gone(reader: asyncio.StreamReader) -> None:
    """Returns when the client hangs up; looks without taking what it sends next."""
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@contextlib.contextmanager
def address_that_hangs() -> Iterator[str]:
    """An address whose connections are never accepted: its backlog is full."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def address_without_server() -> Iterator[str]:
    """An address that refuses connections, held so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
