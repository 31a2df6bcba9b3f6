"""Conversations in Redis, which expires them by itself."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from common.config.llm import ConversationSettings
from common.errors import Unavailable
from common.redis_clients import REDIS_ERRORS, RedisClients
from tts_app.core.conversations import Key, Turn

PREFIX = "voice:conversation:"
RESTED = "voice:conversations"
"""A sorted set of all conversations, by their last turn."""
OWNED = "voice:conversations:of:"
"""Before an owner's digest: a sorted set of the ids of its conversations."""


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
        owned = _owned(key.principal)
        cut = turn.cut(settings.conversation_characters)
        expire_seconds = settings.conversation_expire_seconds
        async with self._redis() as redis:
            commands = redis.pipeline(transaction=True)
            commands.rpush(name, json.dumps(vars(cut), ensure_ascii=False))
            commands.ltrim(name, -settings.conversation_turns, -1)
            commands.zadd(RESTED, {name: now})
            commands.zadd(owned, {key.conversation_id: now})
            commands.zremrangebyscore(owned, 0, now - expire_seconds)
            commands.zremrangebyrank(owned, 0, -settings.conversation_limit - 1)
            for each in (name, RESTED, owned):
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
            commands.zrem(_owned(key.principal), key.conversation_id)
            deleted, *_ = await commands.execute()
        return bool(deleted)

    async def of_owners(self, owners: Iterable[str]) -> list[tuple[Key, list[Turn]]]:
        """All conversations of these owners."""
        found = [(key, await self.history(key)) for key in await self._keys(owners)]
        return [(key, turns) for key, turns in found if turns]

    async def forget_owners(self, owners: Iterable[str]) -> int:
        """Delete all conversations of these owners; how many there were."""
        return sum([await self.forget(key) for key in await self._keys(owners)])

    async def _keys(self, owners: Iterable[str]) -> list[Key]:
        async with self._redis() as redis:
            return [
                Key(owner, conversation_id)
                for owner in owners
                for conversation_id in await redis.zrange(_owned(owner), 0, -1)
            ]

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


def _owned(principal: str) -> str:
    return OWNED + hashlib.sha256(principal.encode()).hexdigest()


def _name(key: Key) -> str:
    """Of fixed length and without a separator that an id could contain."""
    text = json.dumps([key.principal, key.conversation_id])
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()
