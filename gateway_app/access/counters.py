"""Events counted in fixed windows of time: in Redis for all processes, else in memory."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import ConnectionPool

from common.redis_clients import PATIENCE_SECONDS, REDIS_ERRORS

log = structlog.get_logger(__name__)

MAX_NAMES = 10_000
"""Maximum number of names in memory; beyond it, all new names share one count."""
RETRY_SECONDS = 5.0
"""Pause after Redis did not answer."""
KEY_PREFIX = "voice:limits"

Result = TypeVar("Result")


class Counters:
    """The counts of this process, shared through Redis where it is configured.

    While Redis is down, each process counts on its own, from zero.
    """

    def __init__(self, redis_url: str = "") -> None:
        self._memory = MemoryStorage()
        self._pool = _pool(redis_url) if redis_url else None
        self._redis = _redis_storage(self._pool) if self._pool else None
        self._away_until = 0.0

    async def hit(self, item: RateLimitItem, name: str, cost: int = 1) -> float:
        """Count one event, or undo it with a `cost` of -1.

        0 while the count is within the limit; past it the seconds until the window ends.
        """

        async def hit(storage: Storage, name: str) -> float:
            if await FixedWindowRateLimiter(storage).hit(item, name, cost=cost):
                return 0.0
            return await _seconds_left(storage, item, name)

        return await self._ask(hit, item, name)

    async def left(self, item: RateLimitItem, name: str) -> tuple[int, float]:
        """How many more events the limit allows, and the seconds until the window ends;
        0 seconds if nothing was counted yet."""

        async def left(storage: Storage, name: str) -> tuple[int, float]:
            count = await storage.get(item.key_for(name))
            if not count:
                return item.amount, 0.0
            seconds = await _seconds_left(storage, item, name)
            return max(0, item.amount - count), seconds

        return await self._ask(left, item, name)

    async def _ask(
        self,
        ask: Callable[[Storage, str], Awaitable[Result]],
        item: RateLimitItem,
        name: str,
    ) -> Result:
        """The answer of Redis, or of this process's memory while Redis is down."""
        if self._redis is not None and time.monotonic() >= self._away_until:
            try:
                return await ask(self._redis, name)
            except REDIS_ERRORS as error:
                self._away_until = time.monotonic() + RETRY_SECONDS
                reason = type(error).__name__
                log.warning("limits apply to this process only", reason=reason)
        return await ask(self._memory, self._bounded(item, name))

    async def close(self) -> None:
        """Close the connections; the next hit opens new ones."""
        if self._pool is not None:
            await self._pool.disconnect()

    def _bounded(self, item: RateLimitItem, name: str) -> str:
        known = item.key_for(name) in self._memory.storage
        full = len(self._memory.storage) >= MAX_NAMES
        return name if known or not full else "others"


async def _seconds_left(storage: Storage, item: RateLimitItem, name: str) -> float:
    ends_at = await storage.get_expiry(item.key_for(name))
    return max(1.0, round(ends_at - time.time()))


def _pool(url: str) -> ConnectionPool:
    return ConnectionPool.from_url(
        url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


def _redis_storage(pool: ConnectionPool) -> RedisStorage:
    # The pool has the address; the library only needs a scheme that it knows.
    options: dict[str, Any] = {"connection_pool": pool}
    return RedisStorage(
        "async+redis://", implementation="redispy", key_prefix=KEY_PREFIX, **options
    )
