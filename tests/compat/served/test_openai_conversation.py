"""A conversation of the openai library with a real server, whose language model is a
scripted server of OpenAI's chat interface."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.compat.served.test_openai_realtime import append, events_until, spoken
from tests.server_process import RunningServer
from tests.servers.openai import OpenAiServer, answer, call_piece, call_start, calls

pytestmark = pytest.mark.server

TURNS = {"type": "server_vad", "threshold": 0.05, "silence_duration_ms": 300}
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
DONE = "response.done"


@pytest.fixture
def calling(language_model: OpenAiServer) -> Iterator[OpenAiServer]:
    """Calls a function, until it is told to answer."""
    usual = language_model.usual
    start = call_start(0, "call_1", "weather")
    language_model.usual = calls(start, call_piece(0, '{"city": "Paris"}'))
    yield language_model
    language_model.usual = usual


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        yield client


def message(text: str) -> Any:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


async def test_a_spoken_question_calls_a_function_and_its_result_is_spoken(
    client: AsyncOpenAI, calling: OpenAiServer
) -> None:
    async with client.realtime.connect(model="gpt-realtime") as it:
        (created,) = await events_until(it, "session.created")
        assert created.session.type == "realtime"
        session: Any = {
            "type": "realtime",
            "audio": {"input": {"turn_detection": TURNS}},
            "tools": [WEATHER],
        }
        await it.session.update(session=session)
        (updated,) = await events_until(it, "session.updated")
        assert updated.session.tools[0].name == "weather"
        await append(it, spoken(-0.5, 1, -1))
        events = await events_until(it, DONE)
        (call,) = events[-1].response.output
        assert (call.type, call.name) == ("function_call", "weather")
        assert json.loads(call.arguments) == {"city": "Paris"}
        calling.usual = answer("It ", "rains.")
        result: Any = {
            "type": "function_call_output",
            "call_id": call.call_id,
            "output": "Rain.",
        }
        await it.conversation.item.create(item=result)
        await it.response.create()
        events = await events_until(it, DONE)
    response = events[-1].response
    assert response.status == "completed"
    assert response.output[0].content[0].transcript == "It rains."
    audio = [e.delta for e in events if e.type == "response.output_audio.delta"]
    seconds = len(b"".join(map(base64.b64decode, audio))) / 48_000
    assert seconds == pytest.approx(len("It rains.") * 0.05, abs=0.3)
    messages = calling.chats[-1].json["messages"]
    assert messages[-1]["role"] == "tool"
    assert messages[-1]["content"] == "Rain."


async def test_a_written_question_beside_the_conversation(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="gpt-realtime") as it:
        wish: Any = {
            "conversation": "none",
            "output_modalities": ["text"],
            "input": [message("Hello?")],
            "metadata": {"purpose": "greeting"},
        }
        await it.response.create(response=wish)
        events = await events_until(it, DONE)
        response = events[-1].response
        assert response.metadata == {"purpose": "greeting"}
        assert response.output[0].content[0].text == "Hello there."
        assert response.usage.total_tokens == 29
        await it.conversation.item.create(item=message("Are you there?"))
        (*_, done) = await events_until(it, "conversation.item.done")
        await it.conversation.item.retrieve(item_id=done.item.id)
        (*_, found) = await events_until(it, "conversation.item.retrieved")
        assert found.item.content[0].text == "Are you there?"
        await it.conversation.item.delete(item_id=done.item.id)
        (*_, deleted) = await events_until(it, "conversation.item.deleted")
        assert deleted.item_id == done.item.id


async def test_a_client_secret_opens_its_session(
    server: RunningServer, client: AsyncOpenAI
) -> None:
    session: Any = {"type": "realtime", "instructions": "Be brief."}
    secret = await client.realtime.client_secrets.create(session=session)
    async with (
        AsyncOpenAI(base_url=f"{server.url}/v1", api_key=secret.value) as page,
        page.realtime.connect(model="gpt-realtime") as it,
    ):
        (created,) = await events_until(it, "session.created")
    assert created.session.instructions == "Be brief."
