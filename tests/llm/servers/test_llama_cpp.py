"""Function calls with a real OpenAI-compatible server: that of llama.cpp."""

from __future__ import annotations

import json

import pytest

from llm.engine import ChatMessage, Finished, ReplyOptions, Tool, ToolCall, text_deltas
from llm.servers.openai import OpenAiEngine
from tests.llm.helpers import LONG_SECONDS, quick, started
from tests.servers.llama_cpp import LlamaServer

CITIES = ["Berlin", "Paris", "Rome"]
CITY = {"type": "string", "enum": CITIES}
WEATHER = Tool(
    "weather",
    "The weather in a city.",
    {"type": "object", "properties": {"city": CITY}, "required": ["city"]},
)

pytestmark = pytest.mark.model


async def test_its_model_calls_a_function_and_reads_the_result() -> None:
    llama = LlamaServer()
    config = quick(
        openai_url=llama.url,
        openai_model=llama.model,
        openai_api_key=llama.key,
        ollama_timeout=LONG_SECONDS,
    )
    asked = [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "What is the weather in Paris?"),
    ]
    async with started(OpenAiEngine(config)) as engine:
        options = ReplyOptions(tools=(WEATHER,), tool_choice="required")
        *_, call, finished = [event async for event in engine.reply(asked, options)]
        assert isinstance(finished, Finished)
        assert finished.reason == "tool_calls"
        assert isinstance(call, ToolCall)
        assert json.loads(call.arguments_json)["city"] in CITIES
        answered = [
            *asked,
            ChatMessage("assistant", "", (call,)),
            ChatMessage("tool", "Sunny.", tool_call_id=call.id),
        ]
        options = ReplyOptions(tools=(WEATHER,), tool_choice="none", max_tokens=8)
        said = [text async for text in text_deltas(engine.reply(answered, options))]
    assert "".join(said).strip()
