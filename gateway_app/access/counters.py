"""Events counted in fixed windows of time: in Redis for all processes, else in memory."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from limits import RateLimitItem
from limits.aio.storage import RedisStorage, Storage
from redis.asyncio import ConnectionPool

from common.redis_clients import PATIENCE_SECONDS, REDIS_ERRORS

log = structlog.get_logger(__name__)

MAX_NAMES = 10_000
"""Maximum number of names in memory; beyond it, all new names share one count."""
RETRY_SECONDS = 5.0
"""Pause after Redis did not answer."""
KEY_PREFIX = "voice:limits"


class Windows(Protocol):
    """Counts in windows of time."""

    async def hit(self, item: RateLimitItem, name: str, cost: int) -> tuple[int, float]:
        """Count; returns the count, and once it is past the limit the seconds until its
        window ends."""

    async def count(self, item: RateLimitItem, name: str) -> tuple[int, float]:
        """The count so far, and these seconds; 0 and 0 without any."""


class Counters:
    """The counts of this process, shared through Redis where it is configured.

    While Redis is down, each process counts on its own, from zero.
    """

    def __init__(
        self, redis_url: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._memory: dict[str, MemoryWindows] = {}
        """By namespace, so that names of one purpose never crowd out those of another."""
        self._pool = _pool(redis_url) if redis_url else None
        self._redis = RedisWindows(_redis_storage(self._pool)) if self._pool else None
        self._clock = clock
        self._away_until = 0.0

    async def hit(self, item: RateLimitItem, name: str, cost: int = 1) -> float:
        """Count one event, or undo it with a `cost` of -1.

        0 while the count is within the limit; past it the seconds until the window ends.
        """
        count, seconds = await self._ask(
            item, lambda windows: windows.hit(item, name, cost)
        )
        return 0.0 if count <= item.amount else max(1.0, round(seconds))

    async def left(self, item: RateLimitItem, name: str) -> tuple[int, float]:
        """How many more events the limit allows, and the seconds until the window ends;
        0 seconds if nothing was counted yet."""
        count, seconds = await self._ask(
            item, lambda windows: windows.count(item, name)
        )
        if not count:
            return item.amount, 0.0
        return max(0, item.amount - count), max(1.0, round(seconds))

    @property
    def shared(self) -> bool:
        """Whether other processes count too, in Redis."""
        return self._redis is not None

    async def add(self, item: RateLimitItem, name: str, cost: int) -> int | None:
        """Count so much in Redis, or nothing; returns the count of all processes.
        None, with nothing counted, without Redis and while it is down."""
        answer = await self._ask_redis(lambda redis: redis.add(item, name, cost))
        return None if answer is None else answer[0]

    async def _ask(
        self,
        item: RateLimitItem,
        ask: Callable[[Windows], Awaitable[tuple[int, float]]],
    ) -> tuple[int, float]:
        """The answer of Redis, or of this process's memory while Redis is down."""
        answer = await self._ask_redis(ask)
        if answer is not None:
            return answer
        memory = self._memory.setdefault(item.namespace, MemoryWindows(self._clock))
        return await ask(memory)

    async def _ask_redis(
        self, ask: Callable[[RedisWindows], Awaitable[tuple[int, float]]]
    ) -> tuple[int, float] | None:
        if self._redis is None or self._clock() < self._away_until:
            return None
        try:
            return await ask(self._redis)
        except REDIS_ERRORS as error:
            self._away_until = self._clock() + RETRY_SECONDS
            reason = type(error).__name__
            log.warning("limits apply to this process only", reason=reason)
            return None

    async def close(self) -> None:
        """Close the connections; the next hit opens new ones."""
        if self._pool is not None:
            await self._pool.disconnect()


class MemoryWindows:
    """Counts on a clock that nobody sets back; the library's own use the wall clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    async def hit(self, item: RateLimitItem, name: str, cost: int) -> tuple[int, float]:
        now = self._clock()
        window = self._open(item, name, now)
        window.count = max(0, window.count + cost)
        return window.count, window.ends_at - now

    async def count(self, item: RateLimitItem, name: str) -> tuple[int, float]:
        now, window = self._clock(), self._windows.get(item.key_for(name))
        if window is None or window.ends_at <= now:
            return 0, 0.0
        return window.count, window.ends_at - now

    def _open(self, item: RateLimitItem, name: str, now: float) -> _Window:
        key = item.key_for(name)
        if key not in self._windows and len(self._windows) >= MAX_NAMES:
            self._windows = {
                key: window
                for key, window in self._windows.items()
                if window.ends_at > now
            }
            if len(self._windows) >= MAX_NAMES:
                key = item.key_for("others")
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            window = self._windows[key] = _Window(now + item.get_expiry())
        return window


@dataclass
class _Window:
    """The events of one name until a moment."""

    ends_at: float
    count: int = 0


class RedisWindows:
    """The same in Redis, on its clock."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def hit(self, item: RateLimitItem, name: str, cost: int) -> tuple[int, float]:
        count, _ = await self.add(item, name, cost)
        # Within the limit nobody asks when the window ends, so Redis is asked once.
        if count <= item.amount:
            return count, 0.0
        return count, await self._seconds_left(item.key_for(name))

    async def add(self, item: RateLimitItem, name: str, cost: int) -> tuple[int, float]:
        """Count; returns the count alone."""
        key = item.key_for(name)
        return await self._storage.incr(key, item.get_expiry(), cost), 0.0

    async def count(self, item: RateLimitItem, name: str) -> tuple[int, float]:
        key = item.key_for(name)
        count = await self._storage.get(key)
        return count, await self._seconds_left(key) if count else 0.0

    async def _seconds_left(self, key: str) -> float:
        # The library adds the time that is left to the wall clock.
        return max(0.0, await self._storage.get_expiry(key) - time.time())


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
