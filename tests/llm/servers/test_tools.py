"""Calls of tools: how they are asked for, how they come, and what results look like."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from common.errors import BadValue, LlmUnavailable
from llm.engine import (
    ChatMessage,
    Finished,
    LlmEngine,
    LlmEvent,
    NamedTool,
    ReplyOptions,
    TextDelta,
    TokenUsage,
    ToolCall,
)
from llm.resilience.fallback import FallbackEngine
from llm.servers.ollama_wire import plain_messages
from llm.servers.openai import OpenAiEngine
from tests.contracts.llm import WEATHER
from tests.fakes import FakeLlm
from tests.llm.helpers import QUESTION, ask, ollama, quick, started
from tests.servers import ollama as ollama_answers, openai as openai_answers
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAiServer, call_piece, call_start

WITH_TOOLS = ReplyOptions(tools=(WEATHER,))
SENT_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city now.",
        "parameters": WEATHER.parameters,
    },
}
CALL = ToolCall("call_1", "get_weather", '{"city": "Rome"}')
RESULT_MESSAGES = [
    ChatMessage("user", "How is the weather in Rome?"),
    ChatMessage("assistant", "", tool_calls=(CALL,)),
    ChatMessage("tool", "Sunny.", tool_call_id="call_1"),
]


def openai(server: OpenAiServer) -> OpenAiEngine:
    return OpenAiEngine(quick(openai_url=server.url, openai_model="m"))


async def events_of(
    engine: LlmEngine,
    options: ReplyOptions = WITH_TOOLS,
    messages: Sequence[ChatMessage] = QUESTION,
) -> list[LlmEvent]:
    return [event async for event in engine.reply(messages, options)]


async def test_ollama_is_told_of_the_tools_and_its_calls_come_after_the_text() -> None:
    lines = [
        ollama_answers.call_line("get_weather", {"city": "Zürich"}),
        ollama_answers.call_line("get_weather", {"city": "Rome"}, index=1),
    ]
    with OllamaServer(ollama_answers.calls(*lines)) as server:
        async with ollama(server.url) as engine:
            events = await events_of(engine)
        assert server.chats[0].json["tools"] == [SENT_TOOL]
    assert events == [
        TextDelta("Let me look. "),
        ToolCall("call_0", "get_weather", '{"city": "Zürich"}'),
        ToolCall("call_1", "get_weather", '{"city": "Rome"}'),
        Finished("tool_calls", "llama3.2", TokenUsage(26, 3)),
    ]


async def test_ollama_gets_calls_and_results_in_its_own_form() -> None:
    with OllamaServer() as server:
        async with ollama(server.url) as engine:
            await events_of(engine, messages=RESULT_MESSAGES)
        _, called, result = server.chats[0].json["messages"]
    (call,) = called["tool_calls"]
    assert call["function"]["arguments"] == {"city": "Rome"}
    assert result == {
        "role": "tool",
        "content": "Sunny.",
        "tool_call_id": "call_1",
        "tool_name": "get_weather",
    }


def test_ollama_gets_the_tool_of_each_result_although_ids_repeat() -> None:
    messages = []
    for name in ("get_weather", "get_time"):
        called = ChatMessage("assistant", "", (ToolCall("call_0", name, "{}"),))
        messages += [called, ChatMessage("tool", "ok", tool_call_id="call_0")]
    sent = plain_messages(messages)
    assert [each["tool_name"] for each in sent if each["role"] == "tool"] == [
        "get_weather",
        "get_time",
    ]


async def test_ollama_is_not_shown_tools_that_it_may_not_call() -> None:
    with OllamaServer() as server:
        async with ollama(server.url) as engine:
            await events_of(engine, ReplyOptions(tools=(WEATHER,), tool_choice="none"))
            with pytest.raises(BadValue, match="cannot be made to call a tool"):
                await ask(
                    engine, ReplyOptions(tools=(WEATHER,), tool_choice="required")
                )
        (chat,) = server.chats
    assert "tools" not in chat.json


async def test_a_model_of_ollama_without_tools_is_a_bad_value() -> None:
    message = "registry.ollama.ai/library/old does not support tools"
    with OllamaServer(ollama_answers.error(400, message)) as server:
        async with ollama(server.url) as engine:
            with pytest.raises(BadValue, match="cannot call tools") as raised:
                await events_of(engine)
    assert raised.value.field == "tools"


async def test_fragments_of_calls_are_joined_by_their_index() -> None:
    pieces = [
        openai_answers.event(content="One moment. "),
        call_start(0, "call_a", "get_weather"),
        call_piece(0, '{"ci'),
        call_start(1, "call_b", "get_time"),
        call_piece(1, "{}"),
        call_piece(0, 'ty": "Rome"}'),
    ]
    with OpenAiServer(openai_answers.calls(*pieces)) as server:
        async with started(openai(server)) as engine:
            events = await events_of(engine)
        sent = server.chats[0].json
    assert sent["tools"] == [SENT_TOOL]
    assert sent["tool_choice"] == "auto"
    assert events == [
        TextDelta("One moment. "),
        ToolCall("call_a", "get_weather", '{"city": "Rome"}'),
        ToolCall("call_b", "get_time", "{}"),
        Finished("tool_calls", "m-2026", TokenUsage(80, 20)),
    ]


async def test_calls_that_all_have_the_same_index_are_told_apart_by_their_ids() -> None:
    pieces = [call_start(0, "call_a", "one"), call_start(0, "call_b", "two")]
    with OpenAiServer(openai_answers.calls(*pieces)) as server:
        async with started(openai(server)) as engine:
            first, second, _ = await events_of(engine)
    assert first == ToolCall("call_a", "one", "{}")
    assert second == ToolCall("call_b", "two", "{}")


async def test_a_call_without_an_id_gets_one() -> None:
    call = {"function": {"name": "one", "arguments": "{}"}}
    piece = openai_answers.event(tool_calls=[call, call])
    with OpenAiServer(openai_answers.calls(piece)) as server:
        async with started(openai(server)) as engine:
            calls = [e for e in await events_of(engine) if isinstance(e, ToolCall)]
    assert len({call.id for call in calls}) == 2


async def test_a_call_without_a_name_is_an_error() -> None:
    with OpenAiServer(openai_answers.calls(call_piece(0, "{}"))) as server:
        async with started(openai(server)) as engine:
            with pytest.raises(LlmUnavailable, match="tool call without a name"):
                await events_of(engine)


async def test_a_call_that_was_cut_at_a_limit_is_dropped() -> None:
    cut = [
        call_start(0, "call_a", "get_weather"),
        call_piece(0, '{"city": "Ro'),
        openai_answers.event("length"),
    ]
    too_long = [call_start(0, "call_a", "get_weather"), call_piece(0, "x" * 5_000)]
    for pieces in (cut, too_long):
        with OpenAiServer(openai_answers.calls(*pieces)) as server:
            async with started(openai(server)) as engine:
                (end,) = await events_of(engine)
        assert isinstance(end, Finished)
        assert end.reason == "length"


async def test_an_openai_server_is_told_which_tool_to_call() -> None:
    with OpenAiServer() as server:
        async with started(openai(server)) as engine:
            choice = NamedTool("get_weather")
            await events_of(engine, ReplyOptions(tools=(WEATHER,), tool_choice=choice))
            await events_of(engine, messages=RESULT_MESSAGES)
            await events_of(engine, ReplyOptions())
        named, results, plain = (chat.json for chat in server.chats)
    function = {"name": "get_weather"}
    assert named["tool_choice"] == {"type": "function", "function": function}
    assert results["messages"][1]["tool_calls"][0]["function"] == {
        "name": "get_weather",
        "arguments": '{"city": "Rome"}',
    }
    assert results["messages"][2]["tool_call_id"] == "call_1"
    assert not {"tools", "tool_choice"} & plain.keys()


async def test_the_tokens_of_an_answer_are_told_when_the_server_counts_them() -> None:
    silent = ollama_answers.raw(
        openai_answers.event(content="Hi."), openai_answers.event("stop")
    )
    with OpenAiServer(silent) as server:
        async with started(openai(server)) as engine:
            unknown = (await events_of(engine))[-1]
            known = (await events_of(engine))[-1]
    assert unknown == Finished("stop", "m-2026", None)
    assert known == Finished("stop", "m-2026", TokenUsage(26, 3))


async def test_tools_go_to_an_engine_of_the_chain_that_takes_them() -> None:
    first, second = FakeLlm(["Without."]), FakeLlm([CALL])
    first.takes_tools = False
    async with started(FallbackEngine([first, second])) as engine:
        assert await events_of(engine) == [
            CALL,
            Finished("tool_calls", "fake-llm", TokenUsage(2, 1)),
        ]
        assert await ask(engine) == "Without."


async def test_a_chain_without_tools_refuses_them() -> None:
    first = FakeLlm()
    first.takes_tools = False
    async with started(FallbackEngine([first])) as engine:
        with pytest.raises(BadValue, match="takes no `tools`"):
            await events_of(engine)
