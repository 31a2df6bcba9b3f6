"""The `responses` delegation of `/v1/live/sessions`: functions, and what clients see of it.

The nested events are checked by the types of the openai library.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, get_args

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel

from llm.engine import ToolCall
from tests.chat.services import ANSWER, talk_services
from tests.compat.realtime.live.sockets import LiveClient, opened, text_of
from tests.fakes import FakeLlm

SPOKEN = "session.output_transcript.delta"
HEARD = "session.input_transcript.delta"
CREATED = "session.delegation.created"
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}
CALL = ToolCall("call_1", "weather", '{"city": "Paris"}')
NESTED: dict[str, type[BaseModel]] = {
    get_args(each.model_fields["type"].annotation)[0]: each
    for each in get_args(get_args(ResponseStreamEvent)[0])
}


def responses(**backend: Any) -> dict[str, Any]:
    return {"type": "responses", "responses": {"model": "gpt-5.5", **backend}}


def nested(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of the Responses API, in order; raises if one has a wrong shape."""
    found = [each["event"] for each in events if each["type"] == "response.event"]
    for event in found:
        NESTED[event["type"]].model_validate(event, strict=True)
    return found


async def until_nested(client: LiveClient, kind: str) -> list[dict[str, Any]]:
    """All events up to the one that carries this one."""
    events: list[dict[str, Any]] = []
    while not any(each["type"] == kind for each in nested(events)):
        events += await client.until("response.event")
    return events


async def test_a_function_is_called_and_its_result_spoken() -> None:
    services = talk_services(llm=FakeLlm([CALL]))
    async with opened(services) as client:
        await client.start(delegation=responses(tools=[WEATHER]))
        await client.say(1.0, -2.0)
        events = await until_nested(client, "response.completed")
        created = next(each for each in events if each["type"] == CREATED)
        assert created["delegation"]["target"] == "responses"
        delegation_id = created["delegation"]["id"]
        stream = nested(events)
        assert [each["type"] for each in stream] == [
            "response.created",
            "response.output_item.added",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert [each["sequence_number"] for each in stream] == [0, 1, 2, 3, 4]
        item = stream[3]["item"]
        assert (item["name"], item["arguments"]) == ("weather", CALL.arguments_json)
        output = {"type": "function_call_output", "call_id": item["call_id"]}
        await client.send("response.item.create", item={**output, "output": "rain"})
        services.llm.answer_with("It ", "rains.")
        await client.send("response.create")
        events = await until_nested(client, "response.completed")
        assert CREATED not in {each["type"] for each in events}
        wrapped = [each for each in events if each["type"] == "response.event"]
        assert {each["delegation_id"] for each in wrapped} == {delegation_id}
        while text_of(events, SPOKEN) != "It rains.":
            events += await client.until(SPOKEN)
    (tool,) = services.llm.options[0].tools
    assert services.llm.asked[-1][-1].content == "rain"
    assert (tool.name, tool.description) == ("weather", "The weather of a city.")


async def test_a_message_of_the_client_is_answered() -> None:
    services = talk_services()
    async with opened(services) as client:
        await client.start(delegation=responses())
        item = {"role": "user", "content": "What is the capital of France?"}
        await client.send("response.item.create", item=item)
        await client.send("response.create")
        events = await until_nested(client, "response.completed")
    text = "".join(
        each["delta"]
        for each in nested(events)
        if each["type"] == "response.output_text.delta"
    )
    assert text == ANSWER
    (done,) = [e for e in nested(events) if e["type"] == "response.output_item.done"]
    assert done["item"]["content"][0]["text"] == ANSWER
    assert services.llm.asked[-1][-1].content == item["content"]


async def test_commentary_is_no_response_of_the_backend() -> None:
    async with opened(talk_services()) as client:
        await client.start(delegation=responses())
        await client.send("session.commentary.append", content="One moment.")
        events = await client.until("session.output_audio.delta")
    assert nested(events) == []


async def test_a_response_waits_until_a_text_was_spoken() -> None:
    async with opened(talk_services()) as client:
        await client.start(delegation=responses())
        await client.send("session.commentary.append", content="One moment.")
        await client.send("response.create")
        events = await until_nested(client, "response.completed")
    said = text_of(events, SPOKEN)
    assert said.startswith("One moment.")


async def test_an_update_changes_only_what_it_gives() -> None:
    services = talk_services()
    async with opened(services) as client:
        await client.start(
            instructions="Be brief.",
            delegation=responses(instructions="Be kind.", tools=[WEATHER]),
        )
        changed = {"delegation": responses(instructions="Be formal.")}
        await client.send("session.update", session=changed)
        assert (await client.next())["type"] == "session.updated"
        await client.send("response.create")
        await until_nested(client, "response.completed")
    assert services.llm.asked[-1][0].content == "Be brief.\n\nBe formal."
    assert [each.name for each in services.llm.options[-1].tools] == ["weather"]


@pytest.mark.parametrize("kind", ["response.create", "response.item.create"])
async def test_another_delegation_has_no_responses(kind: str) -> None:
    item = {"item": {"role": "user", "content": "Hi"}} if "item" in kind else {}
    async with opened(talk_services()) as client:
        await client.start(delegation={"type": "client"})
        await client.send(kind, **item)
        assert "`responses`" in (await client.error())["message"]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "computer_call_output", "call_id": "call_1", "output": {}},
        {"type": "function_call_output", "output": "rain"},
        {"role": "user", "content": []},
        "nothing",
    ],
)
async def test_an_item_that_is_not_served_is_refused(item: Any) -> None:
    async with opened(talk_services()) as client:
        await client.start(delegation=responses())
        await client.send("response.item.create", item=item)
        assert (await client.error())["type"] == "invalid_request_error"


async def test_the_words_come_while_they_are_spoken() -> None:
    words = ["one", "one two", "one two three", *["one two three four"] * 100]
    services = talk_services(
        words, partial_first_seconds=0.3, partial_interval_seconds=0.1
    )
    async with opened(services) as client:
        await client.start(delegation={"type": "client"})
        while len(services.stt.heard) < 4:
            await client.say(0.3)
            await asyncio.sleep(0.05)
        events = await client.until(HEARD)
        await client.say(-2.0)
        events += await client.until(CREATED)
    heard = [each for each in events if each["type"] == HEARD]
    assert len(heard) > 1
    assert text_of(events, HEARD) == "one two three four"
    assert 0 <= heard[0]["start_ms"] < heard[0]["end_ms"] < heard[-1]["end_ms"] + 1
    for before, after in itertools.pairwise(heard):
        assert before["end_ms"] == after["start_ms"]
