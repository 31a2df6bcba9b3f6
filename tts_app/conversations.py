"""Conversations in the database, shared by all processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import structlog
from channels.db import database_sync_to_async
from django.db import DEFAULT_DB_ALIAS, Error as DatabaseFailure, transaction
from django.utils import timezone

from common.config import Config
from common.config.llm import ConversationSettings
from common.errors import Unavailable
from tts_app.core.conversations import ConversationStore, Key, Turn, trim_turns
from tts_app.core.redis_conversations import RedisConversations
from tts_app.models import Conversation

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0
FORGET_BATCH = 500

Result = TypeVar("Result")


class DatabaseConversations:
    """One row per conversation; simultaneous answers lose no turn."""

    def __init__(
        self, settings: ConversationSettings, *, database: str = DEFAULT_DB_ALIAS
    ) -> None:
        self._settings = settings
        self._database = database

    async def history(self, key: Key) -> list[Turn]:
        return await self._ask(self._history, key)

    async def add(self, key: Key, turn: Turn) -> None:
        await self._ask(self._add, key, turn)

    async def forget(self, key: Key) -> bool:
        return await self._ask(self._forget, key)

    async def close(self) -> None:
        """Nothing to close."""

    async def _ask(self, work: Callable[..., Result], *arguments: Any) -> Result:
        call = database_sync_to_async(work)(*arguments)
        try:
            result: Result = await asyncio.wait_for(call, PATIENCE_SECONDS)
        except (TimeoutError, DatabaseFailure) as error:
            log.warning("conversation unavailable", reason=str(error))
            raise Unavailable(
                "The conversation is unavailable: the database does not answer.",
                retry_after_seconds=5,
            ) from error
        return result

    def _history(self, key: Key) -> list[Turn]:
        row = self._rows.filter(
            **_columns(key), updated_at__gt=Conversation.expired_before(self._settings)
        ).first()
        return _turns(row) if row is not None else []

    def _add(self, key: Key, turn: Turn) -> None:
        oldest = Conversation.expired_before(self._settings)
        with transaction.atomic(using=self._database):
            row, _ = self._rows.select_for_update().get_or_create(**_columns(key))
            past = _turns(row) if row.updated_at > oldest else []
            turns = trim_turns([*past, turn], self._settings)
            row.turns = [asdict(each) for each in turns]
            row.updated_at = timezone.now()
            row.save(using=self._database)
        self._forget_oldest()

    def _forget(self, key: Key) -> bool:
        rows = self._rows.filter(**_columns(key))
        alive = rows.filter(
            updated_at__gt=Conversation.expired_before(self._settings)
        ).exists()
        rows.delete()
        return bool(alive)

    def _forget_oldest(self) -> None:
        """Expired conversations and those over the limit, at most one batch."""
        self._delete(
            self._rows.filter(
                updated_at__lte=Conversation.expired_before(self._settings)
            )
        )
        over = self._rows.count() - self._settings.conversation_limit
        if over > 0:
            self._delete(self._rows.order_by("updated_at")[:over])

    def _delete(self, rows: Any) -> None:
        if found := list(rows.values_list("pk", flat=True)[:FORGET_BATCH]):
            self._rows.filter(pk__in=found).delete()

    @property
    def _rows(self) -> Any:
        return Conversation.objects.using(self._database)


def conversations_for(config: Config) -> ConversationStore:
    """In Redis if it is configured, otherwise in the database."""
    if config.redis_url:
        return RedisConversations(config, config.redis_url)
    return DatabaseConversations(config)


def _columns(key: Key) -> dict[str, str]:
    return {"principal": key.principal, "conversation_id": key.conversation_id}


def _turns(row: Conversation) -> list[Turn]:
    return [Turn(**turn) for turn in row.turns]
