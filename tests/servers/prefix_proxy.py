"""A reverse proxy that serves a server under a path, which it removes, as nginx does
with `location /voice/ { proxy_pass http://127.0.0.1:8000/; }`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future

PART_BYTES = 65_536
NOT_OURS = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class PrefixProxy:
    """Passes on what begins with the prefix; everything else is not found.

    Each connection carries one request, so that the rest of it can pass unread.
    """

    def __init__(self, target_port: int, prefix: str) -> None:
        self._target_port = target_port
        self._prefix = prefix
        self.elsewhere: list[str] = []
        """The request lines that did not begin with the prefix."""

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, rest = head.partition(b"\r\n")
            method, target, version = line.split(b" ")
            below = target.decode().removeprefix(self._prefix)
            if below == target.decode() or not below.startswith("/"):
                self.elsewhere.append(line.decode())
                writer.write(NOT_OURS)
            else:
                new_line = b" ".join([method, below.encode(), version])
                await self._pass_on(reader, writer, new_line, rest)
        writer.close()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        line: bytes,
        rest: bytes,
    ) -> None:
        to_server = await asyncio.open_connection("127.0.0.1", self._target_port)
        if b"upgrade: websocket" not in rest.lower():
            fields = rest.split(b"\r\n")
            kept = [f for f in fields if not f.lower().startswith(b"connection:")]
            rest = b"\r\n".join([b"Connection: close", *kept])
        to_server[1].write(line + b"\r\n" + rest)
        await asyncio.wait(
            {
                asyncio.create_task(_copy(reader, to_server[1])),
                asyncio.create_task(_copy(to_server[0], writer)),
            },
            return_when=asyncio.FIRST_COMPLETED,
        )
        to_server[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(PART_BYTES):
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def prefix_proxy(target_port: int, prefix: str) -> Iterator[tuple[PrefixProxy, int]]:
    """The running proxy, and its port."""
    proxy = PrefixProxy(target_port, prefix)
    port: Future[int] = Future()
    loop = asyncio.new_event_loop()

    async def listen() -> None:
        server = await asyncio.start_server(proxy.answer, "127.0.0.1", 0)
        port.set_result(server.sockets[0].getsockname()[1])

    def run() -> None:
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield proxy, port.result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
