"""What every language model engine does, the fake as well as the real ones.

Subclasses give the fixture `llm`: an engine that is started and answers anything
with some text, and `fresh_llm`: one like it that was never started.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import get_args

import pytest

from common.engine import PartHealth
from common.errors import BadValue, LlmUnavailable
from llm.engine import (
    ChatMessage,
    Finished,
    FinishReason,
    LlmEngine,
    LlmEvent,
    NamedTool,
    ReplyOptions,
    Tool,
    ToolCall,
    text_deltas,
)

QUESTION = [
    ChatMessage("system", "Answer briefly."),
    ChatMessage("user", "Say hello to me."),
]


WEATHER = Tool(
    "get_weather",
    "The weather in a city now.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)


async def text_of(events: AsyncGenerator[LlmEvent, None]) -> str:
    return "".join([text async for text in text_deltas(events)])


class LlmContract:
    """Subclass it; the fixtures say on what it runs."""

    @pytest.fixture
    def llm(self) -> LlmEngine:
        raise NotImplementedError

    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        raise NotImplementedError

    async def test_it_answers_with_text_in_pieces(self, llm: LlmEngine) -> None:
        pieces = [piece async for piece in text_deltas(llm.reply(QUESTION))]
        assert all(pieces)
        assert "".join(pieces).strip()

    async def test_its_last_event_says_why_the_answer_ended_and_who_gave_it(
        self, llm: LlmEngine
    ) -> None:
        *before, end = [event async for event in llm.reply(QUESTION)]
        assert isinstance(end, Finished)
        assert end.reason in get_args(FinishReason)
        assert end.model
        assert not any(isinstance(event, Finished) for event in before)
        if end.usage is not None:
            assert end.usage.prompt_tokens > 0
            assert end.usage.completion_tokens > 0

    async def test_it_takes_tools_or_refuses_them_before_it_asks(
        self, llm: LlmEngine
    ) -> None:
        asking = text_of(llm.reply(QUESTION, ReplyOptions(tools=(WEATHER,))))
        if llm.takes_tools:
            assert isinstance(await asking, str)
        else:
            with pytest.raises(BadValue) as raised:
                await asking
            assert raised.value.field == "tools"

    async def test_it_refuses_a_choice_of_a_tool_that_is_not_there(
        self, llm: LlmEngine
    ) -> None:
        for choice in (NamedTool("other"), "required"):
            options = ReplyOptions(tool_choice=choice)
            with pytest.raises(BadValue) as raised:
                await text_of(llm.reply(QUESTION, options))
            assert raised.value.field == "tool_choice"

    async def test_it_takes_the_results_of_tools(self, llm: LlmEngine) -> None:
        if not llm.takes_tools:
            return
        call = ToolCall("call_1", WEATHER.name, '{"city": "Rome"}')
        messages = [
            *QUESTION,
            ChatMessage("assistant", "", tool_calls=(call,)),
            ChatMessage("tool", "Sunny.", tool_call_id=call.id),
        ]
        assert await text_of(llm.reply(messages, ReplyOptions(tools=(WEATHER,))))

    async def test_it_says_what_it_is_doing_without_waiting(
        self, llm: LlmEngine, fresh_llm: LlmEngine
    ) -> None:
        assert llm.usable
        assert llm.offers(llm.model_name)
        stats = llm.stats()
        assert llm.model_name in stats.offers
        assert len(stats.processes) == len(stats.memory_mb)
        assert not fresh_llm.usable
        assert fresh_llm.stats().processes == ()

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
        async with aclosing(llm.reply(QUESTION)) as events:
            await anext(events)
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
