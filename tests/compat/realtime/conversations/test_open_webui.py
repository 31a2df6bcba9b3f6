"""The bridge of Open WebUI: routers/audio/realtime.py, commit 9b667e0."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from llm.engine import ToolCall
from tests.chat.services import Talk
from tests.compat.realtime.conversations.talking import DONE, Talker, one, talking
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm

NAME = "generate_chat_completion"
TOOL = {
    "type": "function",
    "name": NAME,
    "description": "Answers the user.",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
}
CALL = ToolCall("call_1", NAME, '{"text": "the time"}')
PCM = {"type": "audio/pcm", "rate": 24_000}
TURNS = {
    "type": "server_vad",
    "silence_duration_ms": 300,
    "interrupt_response": True,
    "create_response": False,
}
SESSION = {
    "type": "realtime",
    "output_modalities": ["audio"],
    "audio": {
        "input": {
            "format": PCM,
            "transcription": {"model": "whisper-1"},
            "turn_detection": TURNS,
        },
        "output": {"format": PCM, "voice": "alloy"},
    },
    "tools": [TOOL],
    "tool_choice": "auto",
}
LONG = ["This is the first sentence of a long answer. ", "And this is the second."]


@contextlib.asynccontextmanager
async def bridge(services: FakeServices) -> AsyncIterator[Talker]:
    """The event after its `session.update` must be the answer to that."""
    async with talking(services) as client:
        await client.send("session.update", session=SESSION)
        assert (await client.next())["type"] == "session.updated"
        yield client


async def heard(client: Talker) -> str:
    """Speech, and its text."""
    await client.say(1.0, -1.0)
    name = "conversation.item.input_audio_transcription.completed"
    text: str = (await client.until(name))[-1]["transcript"]
    return text


async def call(client: Talker, turn: str) -> dict[str, Any]:
    """It asks for a response to the turn, which calls its function."""
    events = await client.ask(metadata={"turn": turn})
    assert one(events, "response.created")["response"]["metadata"] == {"turn": turn}
    made: dict[str, Any] = one(events, "response.output_item.done")["item"]
    assert (made["type"], made["name"]) == ("function_call", NAME)
    return made


async def add_result(client: Talker, made: dict[str, Any], text: str) -> None:
    output = {"call_id": made["call_id"], "output": text}
    await client.add({"type": "function_call_output", **output})


async def test_its_function_answers_while_a_filler_is_spoken(talk: Talk) -> None:
    services = talk(llm=FakeLlm([CALL]))
    async with bridge(services) as client:
        assert await heard(client) == "what time is it"
        made = await call(client, "1")
        beside = await client.ask(
            conversation="none", input=[], tools=[], metadata={"purpose": "filler"}
        )
        assert beside[-1]["response"]["metadata"] == {"purpose": "filler"}
        services.llm.answer_with("It is half past nine.")
        await add_result(client, made, "Half past nine.")
        answer = (await client.ask(metadata={"turn": "1"}))[-1]["response"]
    assert answer["output"][0]["content"][0]["transcript"] == "It is half past nine."
    assert services.llm.asked[-1][-1].content == "Half past nine."


async def test_the_user_interrupts_its_answer(talk: Talk) -> None:
    """The server has cancelled the response when the bridge asks for that, which is an
    error that the bridge ignores."""
    script = ["tell me all", "stop that now please"]
    services = talk(script, FakeLlm([CALL]))
    async with bridge(services) as client:
        await heard(client)
        made = await call(client, "1")
        services.llm.answer_with(*LONG)
        await add_result(client, made, "A long answer.")
        spoken = await client.ask(metadata={"turn": "1"})
        (item,) = spoken[-1]["response"]["output"]
        await asyncio.sleep(0.8)
        await client.say(1.0)
        await client.until("input_audio_buffer.speech_started")
        response_id = spoken[-1]["response"]["id"]
        await client.send("response.cancel", response_id=response_id)
        error = (await client.until("error"))[-1]["error"]
        assert error["code"] == "response_cancel_not_active"
        await client.send(
            "conversation.item.truncate",
            item_id=item["id"],
            content_index=0,
            audio_end_ms=700,
        )
        truncated = (await client.until("conversation.item.truncated"))[-1]
        assert (truncated["item_id"], truncated["audio_end_ms"]) == (item["id"], 700)
        assert await heard(client) == script[1]
        services.llm.answer_with("Yes?")
        answer = (await client.ask(metadata={"turn": "2"}))[-1]["response"]
    assert answer["status"] == "completed"
    said = [each.content for each in services.llm.asked[-1] if not each.tool_calls]
    *_, result, cut, question = said
    assert (result, question) == ("A long answer.", script[1])
    assert cut
    assert "".join(LONG).startswith(cut)
    assert cut != "".join(LONG)


async def test_it_connects_again_and_brings_what_was_said(talk: Talk) -> None:
    services = talk(["what time is it", "and in Paris"], FakeLlm([CALL]))
    async with bridge(services) as client:
        await heard(client)
        made = await call(client, "1")
    async with bridge(services) as client:
        await client.write("what time is it")
        await client.add(
            {name: made[name] for name in ("type", "call_id", "name", "arguments")}
        )
        await add_result(client, made, "Half past nine.")
        await client.write("It is half past nine.", role="assistant")
        assert await heard(client) == "and in Paris"
        services.llm.answer_with("The same.")
        await client.send("response.create", response={"metadata": {"turn": "2"}})
        assert (await client.until(DONE))[-1]["response"]["status"] == "completed"
    asked = [(each.role, each.content) for each in services.llm.asked[-1]]
    assert asked[1:] == [
        ("user", "what time is it"),
        ("assistant", ""),
        ("tool", "Half past nine."),
        ("assistant", "It is half past nine."),
        ("user", "and in Paris"),
    ]
