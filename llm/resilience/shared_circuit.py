"""A circuit breaker that all processes share through Redis."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import structlog
from purgatory.domain.model import OPENED

from common.config import Config
from common.redis_clients import REDIS_ERRORS, RedisClients
from llm.resilience.circuit import Circuit, CircuitOpen, Passage
from llm.resilience.failures import AskFailed

log = structlog.get_logger(__name__)

PREFIX = "voice:circuit:"
KEPT_SECONDS = 24 * 3600
PATIENCE_SECONDS = 0.25
"""No answer waits longer for what other processes know."""
REST_SECONDS = 5.0
"""So long Redis is left alone after trouble."""


class SharedCircuit(Circuit):
    """What one process learns, all know; while Redis is away each learns alone.

    A hash for each server holds the failures in a row and when the circuit was
    opened; a key that expires lets one process of all make the trial.
    """

    def __init__(self, name: Callable[[], str], config: Config) -> None:
        super().__init__(name, config)
        self._clients = RedisClients(config.redis_url)
        self._trial_seconds = config.llm_max_seconds
        self._rests_until = 0.0

    async def enter(self) -> Passage:
        await self.refresh()
        passage = await super().enter()
        if passage.on_trial and not await self._claim_trial():
            await super()._leave(passage)
            raise CircuitOpen
        return passage

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

    async def _succeeded(self, passage: Passage) -> None:
        failed_before = bool(self._context.failure_count) or passage.on_trial
        await super()._succeeded(passage)
        if failed_before:
            async with self._redis() as redis:
                if redis is not None:
                    await redis.delete(self._key)

    async def _failed(self, passage: Passage, failure: AskFailed) -> None:
        async with self._redis() as redis:
            if redis is not None and not passage.on_trial:
                failures = await redis.hincrby(self._key, "failures", 1)
                await redis.expire(self._key, KEPT_SECONDS)
                if self._context.state != OPENED:
                    self._context = self._new_context(failures - 1)
        await super()._failed(passage, failure)
        if self._context.state == OPENED:
            async with self._redis() as redis:
                if redis is not None:
                    opened_at = self._context.opened_at
                    await redis.hset(self._key, "opened_at", opened_at)
                    await redis.expire(self._key, KEPT_SECONDS)

    async def _leave(self, passage: Passage) -> None:
        await super()._leave(passage)
        if passage.on_trial:
            async with self._redis() as redis:
                if redis is not None:
                    await redis.delete(self._trial_key)

    def _adopt(self, shared: dict[str, str]) -> None:
        opened_at = float(shared["opened_at"]) if "opened_at" in shared else None
        self._context = self._new_context(int(shared.get("failures", 0)), opened_at)

    @property
    def _key(self) -> str:
        name = self._name().encode("utf-8", "replace")
        return PREFIX + hashlib.sha256(name).hexdigest()[:32]

    @property
    def _trial_key(self) -> str:
        return f"{self._key}:trial"

    @asynccontextmanager
    async def _redis(self) -> AsyncIterator[Any]:
        """The client, or None while Redis is left alone. Swallows its errors."""
        if time.monotonic() < self._rests_until:
            yield None
            return
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                yield self._clients.client
        except REDIS_ERRORS as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("circuit breaker not shared", reason=type(error).__name__)


def circuit_for(name: Callable[[], str], config: Config) -> Circuit:
    """Shared between processes when `redis_url` is set."""
    if config.redis_url:
        return SharedCircuit(name, config)
    return Circuit(name, config)
