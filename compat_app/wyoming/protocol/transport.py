"""The TCP connection below a Wyoming session."""

from __future__ import annotations

import asyncio
import contextlib


class TcpTransport:
    """Writes to one client, and gives up on one that does not read (a Transport)."""

    def __init__(
        self, writer: asyncio.StreamWriter, slow_reader_seconds: float
    ) -> None:
        self._writer = writer
        self._slow_reader_seconds = slow_reader_seconds

    async def transmit(self, message: str | bytes) -> None:
        """Send one message. Raises OSError if the client is gone, or does not read."""
        data = message.encode() if isinstance(message, str) else message
        self._writer.write(data)
        try:
            async with asyncio.timeout(self._slow_reader_seconds):
                await self._writer.drain()
        except TimeoutError:
            self.abort()
            raise

    async def hang_up(self, code: int) -> None:
        """Close, once the client has read the rest. Wyoming has no close codes."""
        self._writer.close()
        # Otherwise a client that never reads would keep the connection.
        asyncio.get_running_loop().call_later(self._slow_reader_seconds, self.abort)

    async def ended(self) -> None:
        """Close, and return when nothing is left of the connection."""
        self._writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(self._slow_reader_seconds):
                await self._writer.wait_closed()
        self.abort()

    def abort(self) -> None:
        """End the connection now; what the client has not read is lost."""
        self._writer.transport.abort()
