"""The conversations, for retention, `forget` and `export`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.db import DEFAULT_DB_ALIAS, models

from common.config import Config
from gateway_app.retention.kept import Kept, NeverPruned
from gateway_app.retention.people import Person
from gateway_app.retention.tables import KeptRows
from tts_app.core.conversations import Key, Turn
from tts_app.core.redis_conversations import RedisConversations
from tts_app.models import Conversation

SETTING = "conversation_expire_seconds"


@dataclass(frozen=True)
class KeptInRedis(NeverPruned):
    """Conversations in Redis, which expires them by itself. Raises Unavailable."""

    config: Config
    name: str = "conversations in Redis"
    singular: str = "conversation in Redis"
    setting: str = SETTING
    kept_for: timedelta | None = None
    stays: str = ""
    tables: tuple[type[models.Model], ...] = ()

    def count(self, person: Person) -> int:
        return len(self._of(person))

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        for key, turns in self._of(person):
            yield {**key._asdict(), "turns": [vars(turn) for turn in turns]}

    def forget(self, person: Person, pseudonym: str) -> int:
        async def forget() -> int:
            store = RedisConversations(self.config, self.config.redis_url)
            try:
                return await store.forget_owners(person.holders)
            finally:
                await store.close()

        return async_to_sync(forget)()

    def _of(self, person: Person) -> list[tuple[Key, list[Turn]]]:
        async def of() -> list[tuple[Key, list[Turn]]]:
            store = RedisConversations(self.config, self.config.redis_url)
            try:
                return await store.of_owners(person.holders)
            finally:
                await store.close()

        return async_to_sync(of)()


def kept_by_speech(config: Config, database: str = DEFAULT_DB_ALIAS) -> list[Kept]:
    """Those in the database, and those in Redis where it is configured."""
    kinds: list[Kept] = [
        KeptRows(
            "conversations",
            "conversation",
            Conversation,
            SETTING,
            timedelta(seconds=config.conversation_expire_seconds),
            time="updated_at",
            database=database,
        )
    ]
    return [*kinds, KeptInRedis(config)] if config.redis_url else kinds
