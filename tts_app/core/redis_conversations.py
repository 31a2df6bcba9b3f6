"""Conversations in Redis, which expires them by itself."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from common.config.llm import ConversationSettings
from common.errors import Unavailable
from common.redis_clients import REDIS_ERRORS, RedisClients
from tts_app.core.conversations import Key, Turn

PREFIX = "voice:conversation:"
RESTED = "voice:conversations"
"""A sorted set of all conversations, by their last turn."""


class RedisConversations:
    """A list of turns for each conversation; its commands are atomic."""

    def __init__(self, settings: ConversationSettings, url: str) -> None:
        self._settings = settings
        self._clients = RedisClients(url)

    async def history(self, key: Key) -> list[Turn]:
        async with self._redis() as redis:
            stored = await redis.lrange(_name(key), 0, -1)
        return [Turn(**json.loads(turn)) for turn in stored]

    async def add(self, key: Key, turn: Turn) -> None:
        settings, name, now = self._settings, _name(key), time.time()
        cut = turn.cut(settings.conversation_characters)
        expire_seconds = settings.conversation_expire_seconds
        async with self._redis() as redis:
            commands = redis.pipeline(transaction=True)
            commands.rpush(name, json.dumps(vars(cut), ensure_ascii=False))
            commands.ltrim(name, -settings.conversation_turns, -1)
            commands.zadd(RESTED, {name: now})
            for each in (name, RESTED):
                commands.pexpire(each, int(expire_seconds * 1000))
            commands.zremrangebyscore(RESTED, 0, now - expire_seconds)
            commands.zcard(RESTED)
            count = (await commands.execute())[-1]
            if count > settings.conversation_limit:
                await _forget_oldest(redis, count - settings.conversation_limit)

    async def forget(self, key: Key) -> bool:
        name = _name(key)
        async with self._redis() as redis:
            commands = redis.pipeline(transaction=True)
            commands.delete(name)
            commands.zrem(RESTED, name)
            deleted, _ = await commands.execute()
        return bool(deleted)

    async def close(self) -> None:
        await self._clients.close()

    @asynccontextmanager
    async def _redis(self) -> AsyncIterator[Any]:
        try:
            yield self._clients.client
        except REDIS_ERRORS as error:
            raise Unavailable(
                "The conversation is unavailable: Redis does not answer.",
                retry_after_seconds=5,
            ) from error


async def _forget_oldest(redis: Any, count: int) -> None:
    oldest = await redis.zpopmin(RESTED, count)
    if oldest:
        await redis.delete(*(name for name, _ in oldest))


def _name(key: Key) -> str:
    """Of fixed length and without a separator that an id could contain."""
    text = json.dumps([key.principal, key.conversation_id])
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()
