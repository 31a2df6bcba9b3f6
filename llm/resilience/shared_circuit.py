"""A circuit breaker that all processes share through Redis."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import structlog

from common.config import LlmEngineSettings
from common.redis_clients import REDIS_ERRORS, RedisClients
from llm.resilience.circuit import Circuit, CircuitOpen, Permit

log = structlog.get_logger(__name__)

PREFIX = "voice:circuit:"
KEPT_SECONDS = 24 * 3600
PATIENCE_SECONDS = 0.25
"""The longest that an answer waits for Redis."""
REST_SECONDS = 5.0
"""How long Redis is not asked after it failed."""


class SharedCircuit(Circuit):
    """Failures count together; while Redis is unavailable, each process counts alone.

    A hash for each server holds the failures in a row and when the circuit was
    opened; a key that expires lets one process of all make the trial.
    """

    def __init__(
        self,
        name: Callable[[], str],
        config: LlmEngineSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives wall-clock seconds, which processes can compare."""
        super().__init__(name, config, clock=clock)
        self._clients = RedisClients(config.redis_url)
        self._trial_seconds = config.llm_max_seconds
        self._rests_until = 0.0

    async def enter(self) -> Permit:
        """Let one request of all processes through. Raises CircuitOpen."""
        await self.refresh()
        permit = await super().enter()
        if permit.is_trial and not await self._claim_trial():
            await super()._release(permit)
            raise CircuitOpen
        return permit

    async def refresh(self) -> None:
        if not self.enabled or self._on_trial:
            return
        async with self._redis() as redis:
            if redis is not None:
                self._adopt(await redis.hgetall(self._key))

    async def close(self) -> None:
        await self._clients.close()

    async def _claim_trial(self) -> bool:
        async with self._redis() as redis:
            if redis is not None:
                expire_ms = int(self._trial_seconds * 1000)
                return bool(await redis.set(self._trial_key, 1, nx=True, px=expire_ms))
        return True

    async def _succeeded(self, permit: Permit) -> None:
        failed_before = self._failures > 0 or permit.is_trial
        await super()._succeeded(permit)
        if failed_before and self._opened_at is None:
            async with self._redis() as redis:
                if redis is not None:
                    await redis.delete(self._key)

    async def _failed(self, permit: Permit) -> None:
        async with self._redis() as redis:
            if redis is not None and not permit.is_trial:
                failures = await redis.hincrby(self._key, "failures", 1)
                await redis.expire(self._key, KEPT_SECONDS)
                self._failures = failures - 1
        await super()._failed(permit)
        if self._opened_at is not None:
            async with self._redis() as redis:
                if redis is not None:
                    await redis.hset(self._key, "opened_at", self._opened_at)
                    await redis.expire(self._key, KEPT_SECONDS)

    async def _release(self, permit: Permit) -> None:
        await super()._release(permit)
        if permit.is_trial:
            async with self._redis() as redis:
                if redis is not None:
                    await redis.delete(self._trial_key)

    def _adopt(self, shared: dict[str, str]) -> None:
        opened_at = float(shared["opened_at"]) if "opened_at" in shared else None
        self._set(int(shared.get("failures", 0)), opened_at)

    @property
    def _key(self) -> str:
        name = self._name().encode("utf-8", "replace")
        return PREFIX + hashlib.sha256(name).hexdigest()[:32]

    @property
    def _trial_key(self) -> str:
        return f"{self._key}:trial"

    @asynccontextmanager
    async def _redis(self) -> AsyncIterator[Any]:
        """The client, or None while Redis rests after an error. Swallows its errors."""
        if time.monotonic() < self._rests_until:
            yield None
            return
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                yield self._clients.client
        except REDIS_ERRORS as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("circuit breaker not shared", reason=type(error).__name__)


def circuit_for(
    name: Callable[[], str],
    config: LlmEngineSettings,
    clock: Callable[[], float] | None = None,
) -> Circuit:
    """Shared between processes when `redis_url` is set, on the clock that they share."""
    if config.redis_url:
        return SharedCircuit(name, config, clock=clock or time.time)
    return Circuit(name, config, clock=clock or time.monotonic)
