"""Streams that can be resumed, for `forget` and `export`: where they were, no texts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.db import models

from common.config import Config
from common.errors import Unavailable
from common.redis_clients import REDIS_ERRORS, RedisClients
from gateway_app.retention.kept import Kept, NeverPruned
from gateway_app.retention.people import Person
from stt_app.resume.checkpoints import STREAM_PREFIX

SCANNED = 500


@dataclass(frozen=True)
class KeptStreams(NeverPruned):
    """The checkpoints of streams in Redis, which expires them by itself. Raises
    Unavailable."""

    redis_url: str
    name: str = "resumable streams"
    singular: str = "resumable stream"
    setting: str = "stt_session_seconds"
    kept_for: timedelta | None = None
    stays: str = ""
    tables: tuple[type[models.Model], ...] = ()

    def count(self, person: Person) -> int:
        return len(self._work(person, delete=False))

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        """Without the token, which would let a reader resume the stream."""
        yield from self._work(person, delete=False)

    def forget(self, person: Person, pseudonym: str) -> int:
        return len(self._work(person, delete=True))

    def _work(self, person: Person, *, delete: bool) -> list[dict[str, Any]]:
        async def work() -> list[dict[str, Any]]:
            clients = RedisClients(self.redis_url)
            try:
                return [
                    checkpoint
                    async for checkpoint in _of(clients.client, person, delete=delete)
                ]
            except REDIS_ERRORS as error:
                raise Unavailable("Redis does not answer.") from error
            finally:
                await clients.close()

        return async_to_sync(work)()


async def _of(
    redis: Any, person: Person, *, delete: bool
) -> AsyncIterator[dict[str, Any]]:
    async for key in redis.scan_iter(match=f"{STREAM_PREFIX}*", count=SCANNED):
        found = await redis.hget(key, "checkpoint")
        checkpoint = json.loads(found) if found else {}
        if checkpoint.get("principal") in person.principals:
            if delete:
                await redis.delete(key)
            yield checkpoint


def kept_by_listening(config: Config) -> list[Kept]:
    """Nothing without Redis: a server's own memory is told by itself."""
    return [KeptStreams(config.redis_url)] if config.redis_url else []
