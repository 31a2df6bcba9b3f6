"""Connections to Redis that are kept open between requests."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from redis.exceptions import RedisError

PATIENCE_SECONDS = 1.0
REDIS_ERRORS = (RedisError, OSError, asyncio.TimeoutError)
"""What a call raises when Redis is down, slow or out of memory."""


class RedisClients:
    """A client for each event loop: its sockets belong to the loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any]
        self._clients = WeakKeyDictionary()

    @property
    def client(self) -> Any:
        """The client of this loop; it connects with its first command."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = redis.asyncio.from_url(
                self._url,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
                decode_responses=True,
            )
        return self._clients[loop]

    async def close(self) -> None:
        """Close this loop's connections; the next command opens new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()
