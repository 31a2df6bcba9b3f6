"""Which sessions each caller has open on all nodes, in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from common.redis_clients import REDIS_ERRORS, RedisClients
from gateway_app.access.quotas import Bound

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15.0
"""The sessions of a process that was killed count for this long."""
RETRY_SECONDS = 5.0
"""Pause after Redis did not answer."""
KEY_PREFIX = "voice:sessions:"
RENEWED_AT_ONCE = 500

# A sorted set for each holder: its sessions, and when the lease of each ends. The clock
# is that of Redis, because those of the nodes differ.
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_TAKE = f"""{_NOW}
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if redis.call('ZCARD', key) >= tonumber(ARGV[i + 2]) then return i end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return 0
"""
_RENEW = f"""{_NOW}
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[1], ARGV[i + 1])
  redis.call('PEXPIRE', key, ARGV[1])
end
"""


class Leases:
    """Takes a lease for each session with a limit, and renews it until it is released.

    While Redis is down each process counts its own sessions alone.
    """

    def __init__(self, redis_url: str, *, seconds: float = LEASE_SECONDS) -> None:
        self._clients = RedisClients(redis_url)
        self._seconds = seconds
        self._held: dict[str, list[str]] = {}
        """The keys of each session."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None
        self._away_until = 0.0

    async def take(self, session_id: str, bounds: Sequence[Bound]) -> Bound | None:
        """Take one for each bound. Returns the bound that is reached; then none was
        taken."""
        keys = [f"{KEY_PREFIX}{bound.name}" for bound in bounds]
        self._renew_from_now_on()
        try:
            full = await self._ask_for(session_id, keys, bounds)
        except BaseException:
            self._in_background(self._remove({session_id: keys}))
            raise
        if full:
            return bounds[full - 1]
        self._held[session_id] = keys
        return None

    async def _ask_for(
        self, session_id: str, keys: Sequence[str], bounds: Sequence[Bound]
    ) -> int:
        """The number of the bound that is reached, from 1 on; 0 if none is."""
        now = asyncio.get_running_loop().time()
        if now < self._away_until:
            return 0
        try:
            limits = [bound.most for bound in bounds]
            return int(
                await self._clients.client.eval(
                    _TAKE, len(keys), *keys, session_id, self._milliseconds, *limits
                )
            )
        except REDIS_ERRORS as error:
            self._away_until = now + RETRY_SECONDS
            log.warning("sessions are counted here only", reason=type(error).__name__)
            return 0

    def release(self, session_id: str) -> None:
        """The session has ended. Returns at once."""
        if keys := self._held.pop(session_id, None):
            self._in_background(self._remove({session_id: keys}))

    async def close(self) -> None:
        """Release all of them."""
        if self._renewing is not None:
            self._renewing.cancel()
        held, self._held = self._held, {}
        await self._remove(held)
        await asyncio.gather(*self._tasks)
        await self._clients.close()

    def _renew_from_now_on(self) -> None:
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew_forever())

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                await self._renew()
            except REDIS_ERRORS as error:
                log.warning("sessions not renewed", reason=type(error).__name__)

    async def _renew(self) -> None:
        held = dict(self._held)
        pairs = [(key, sid) for sid, keys in held.items() for key in keys]
        for at in range(0, len(pairs), RENEWED_AT_ONCE):
            keys, ids = zip(*pairs[at : at + RENEWED_AT_ONCE], strict=True)
            await self._clients.client.eval(
                _RENEW, len(keys), *keys, self._milliseconds, *ids
            )
        # One that was released meanwhile must not live on.
        await self._remove(
            {sid: keys for sid, keys in held.items() if sid not in self._held}
        )

    async def _remove(self, held: dict[str, list[str]]) -> None:
        if not held:
            return
        try:
            async with self._clients.client.pipeline(transaction=False) as pipeline:
                for session_id, keys in held.items():
                    for key in keys:
                        pipeline.zrem(key, session_id)
                await pipeline.execute()
        except REDIS_ERRORS as error:
            log.info("leases left to expire", reason=type(error).__name__)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)
