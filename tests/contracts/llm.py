"""What every language model engine does, the fake as well as the real ones.

Subclasses give the fixture `llm`: an engine that is started and answers anything
with some text, and `fresh_llm`: one like it that was never started.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from common.engine import PartHealth
from common.errors import LlmUnavailable
from llm.engine import ChatMessage, LlmEngine, ReplyOptions

QUESTION = [
    ChatMessage("system", "Answer briefly."),
    ChatMessage("user", "Say hello to me."),
]


async def text_of(pieces: Any) -> str:
    return "".join([piece async for piece in pieces])


class LlmContract:
    """Subclass it; the fixtures say on what it runs."""

    @pytest.fixture
    def llm(self) -> LlmEngine:
        raise NotImplementedError

    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        raise NotImplementedError

    async def test_it_answers_with_text_in_pieces(self, llm: LlmEngine) -> None:
        pieces = [piece async for piece in llm.reply(QUESTION)]
        assert all(pieces)
        assert "".join(pieces).strip()

    async def test_it_names_its_back_end_and_model(self, llm: LlmEngine) -> None:
        assert isinstance(llm.backend, str)
        assert llm.backend
        assert isinstance(llm.model_name, str)
        assert llm.model_name

    async def test_it_is_healthy_and_says_so_without_waiting(
        self, llm: LlmEngine
    ) -> None:
        health = llm.health()
        assert isinstance(health, PartHealth)
        assert health.ok
        assert health.summary

    async def test_it_answers_again_after_somebody_left(self, llm: LlmEngine) -> None:
        async with aclosing(llm.reply(QUESTION)) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        assert await text_of(llm.reply(QUESTION))

    async def test_it_survives_a_cancelled_reader(self, llm: LlmEngine) -> None:
        reading = asyncio.create_task(text_of(llm.reply(QUESTION)))
        await asyncio.sleep(0.001)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert await text_of(llm.reply(QUESTION))

    async def test_it_answers_several_at_once(self, llm: LlmEngine) -> None:
        asked = [text_of(llm.reply(QUESTION)) for _ in range(3)]
        assert all(await asyncio.gather(*asked))

    async def test_it_takes_options(self, llm: LlmEngine) -> None:
        options = ReplyOptions(max_tokens=5, temperature=0.0, top_p=0.9, seed=7)
        assert await text_of(llm.reply(QUESTION, options))

    async def test_it_reads_ahead_and_answers_all_the_same(
        self, llm: LlmEngine, fresh_llm: LlmEngine
    ) -> None:
        await llm.warm(QUESTION)
        assert await text_of(llm.reply(QUESTION))
        await fresh_llm.warm(QUESTION)

    async def test_it_refuses_before_its_start(self, fresh_llm: LlmEngine) -> None:
        assert not fresh_llm.health().ok
        with pytest.raises(LlmUnavailable):
            await text_of(fresh_llm.reply(QUESTION))

    async def test_it_may_be_stopped_without_a_start_and_twice(
        self, fresh_llm: LlmEngine
    ) -> None:
        await fresh_llm.stop()
        await fresh_llm.stop()
        assert not fresh_llm.health().ok
