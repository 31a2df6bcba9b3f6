"""What every store of conversations does. Subclasses give the fixture `make_store`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from common.config import Config
from tests.fake_services import loaded_config
from tts_app.core.conversations import ConversationStore, Key, Turn

MakeStore = Callable[[Config], ConversationStore]

KEY = Key("key:1", "kitchen")
FIRST, SECOND = Turn("Who are you?", "A voice."), Turn("Since when?", "Today.")


def settings(**changes: Any) -> Config:
    return loaded_config(**changes).config


class ConversationContract:
    """Every store is asked as one process would, and as another beside it."""

    async def test_it_remembers_the_turns_in_order(self, make_store: MakeStore) -> None:
        store = make_store(settings())
        await store.add(KEY, FIRST)
        await store.add(KEY, SECOND)
        assert await store.history(KEY) == [FIRST, SECOND]

    async def test_it_knows_nothing_of_a_new_conversation(
        self, make_store: MakeStore
    ) -> None:
        assert await make_store(settings()).history(KEY) == []

    async def test_another_process_finds_the_conversation(
        self, make_store: MakeStore
    ) -> None:
        await make_store(settings()).add(KEY, FIRST)
        assert await make_store(settings()).history(KEY) == [FIRST]

    async def test_it_keeps_callers_and_ids_apart(self, make_store: MakeStore) -> None:
        store = make_store(settings())
        await store.add(KEY, FIRST)
        for other in (Key("key:2", "kitchen"), Key("key:1", "hall"), Key("", "")):
            assert await store.history(other) == []
            assert not await store.forget(other)
        assert await store.history(KEY) == [FIRST]

    async def test_it_keeps_only_the_last_turns(self, make_store: MakeStore) -> None:
        store = make_store(settings(conversation_turns=2))
        for number in range(4):
            await store.add(KEY, Turn(f"q{number}", f"a{number}"))
        assert await store.history(KEY) == [Turn("q2", "a2"), Turn("q3", "a3")]

    async def test_it_cuts_long_messages(self, make_store: MakeStore) -> None:
        store = make_store(settings(conversation_characters=50))
        await store.add(KEY, Turn("q" * 60, "a" * 60))
        assert await store.history(KEY) == [Turn("q" * 50, "a" * 50)]

    async def test_it_keeps_any_text(self, make_store: MakeStore) -> None:
        store, key = make_store(settings()), Key("user Zoë", "ключ/../🎈 '\"")
        await store.add(key, Turn("Grüße 🎈\n\"'\\", "\0\ud800ok"))
        assert await store.history(key) == [Turn("Grüße 🎈\n\"'\\", "ok")]

    async def test_it_forgets_when_told_to(self, make_store: MakeStore) -> None:
        store = make_store(settings())
        await store.add(KEY, FIRST)
        assert await store.forget(KEY)
        assert await store.history(KEY) == []
        assert not await store.forget(KEY)

    async def test_it_forgets_what_has_rested_too_long(
        self, make_store: MakeStore
    ) -> None:
        store = make_store(settings(conversation_expire_seconds=0.2))
        await store.add(KEY, FIRST)
        await asyncio.sleep(0.3)
        assert await store.history(KEY) == []
        assert not await store.forget(KEY)
        patient = make_store(settings(conversation_expire_seconds=60))
        await patient.add(KEY, SECOND)
        assert await patient.history(KEY) == [SECOND]

    async def test_it_forgets_the_one_that_rested_longest_when_there_are_too_many(
        self, make_store: MakeStore
    ) -> None:
        store = make_store(settings(conversation_limit=2))
        keys = [Key("", str(number)) for number in range(3)]
        for key in (keys[0], keys[1], keys[0], keys[2]):
            await store.add(key, FIRST)
            await asyncio.sleep(0.005)
        lengths = [len(await store.history(key)) for key in keys]
        assert lengths == [2, 0, 1]

    async def test_it_loses_no_turn_of_answers_that_end_at_once(
        self, make_store: MakeStore
    ) -> None:
        stores = [make_store(settings(conversation_turns=20)) for _ in range(2)]
        turns = [Turn(f"q{number}", "a") for number in range(10)]
        adding = [stores[n % 2].add(KEY, turn) for n, turn in enumerate(turns)]
        await asyncio.gather(*adding)
        found = await stores[0].history(KEY)
        assert {turn.question for turn in found} == {turn.question for turn in turns}
