"""The options of single responses on `/ws/voice`, on fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from chat_app.conversation.records import CallRecord
from common.errors import LlmUnavailable
from llm.engine import ChatMessage, ToolCall
from tests.chat.services import Talk, talk_services
from tests.chat.sockets import VoiceClient, kinds, of, talking
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm
from tests.waiting import until

TOOL = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = ToolCall("call_1", "weather", '{"city": "Paris"}')
TEXT: dict[str, Any] = {"output_modalities": ["text"]}
MESSAGE = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "new"}],
}
MADE_CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": CALL.id, "output": "sun"}


@pytest.fixture
def talk() -> Talk:
    def make(
        *pieces: str | ToolCall | Exception,
        script: Sequence[str] = ("how is the weather",),
        seconds: float = 0.0,
        **changes: Any,
    ) -> FakeServices:
        return talk_services(script, FakeLlm(pieces, seconds=seconds), **changes)

    return make


async def add(client: VoiceClient, text: str = "Hello?", **fields: Any) -> str:
    """Type something; the id of its item."""
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    return await add_item(client, item, **fields)


async def add_item(client: VoiceClient, item: dict[str, Any], **fields: Any) -> str:
    await client.send("conversation.item.create", item=item, **fields)
    added = (await client.until("conversation.item.done", "error"))[-1]
    found: str = added["item"]["id"]
    return found


async def respond(client: VoiceClient, **response: Any) -> list[dict[str, Any]]:
    """Ask for a response; everything up to its end."""
    await client.send("response.create", response=response)
    return await client.until("response.done", "error")


def done(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    (found,) = of(events, "response.done")
    response: dict[str, Any] = found["response"]
    return response


async def test_a_function_is_called_and_its_result_answered_at_once(talk: Talk) -> None:
    services = talk("Let me look at the weather. ", CALL)
    async with talking(services, tools=[TOOL], tool_choice="auto") as client:
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
        items = [each["type"] for each in done(events)["output"]]
        assert (done(events)["status"], items) == (
            "completed",
            ["message", "function_call"],
        )
        names = kinds(events)
        said = names.index("response.output_audio_transcript.done")
        assert said < names.index("response.function_call_arguments.delta")
        (added,) = of(events, "response.function_call_arguments.done")
        assert (added["output_index"], added["arguments"]) == (1, CALL.arguments_json)
        # The words before the call are still being played.
        services.llm.answer_with("It is sunny.")
        result = {"call_id": added["call_id"], "output": "sun, 21 degrees"}
        await add_item(client, {**RESULT, **result})
        answer = done(await respond(client))
    assert answer["output"][0]["content"][0]["transcript"] == "It is sunny."
    asked = list(services.llm.asked[-1])
    assert asked[-2:] == [
        ChatMessage("assistant", "Let me look at the weather.", (CALL,)),
        ChatMessage("tool", "sun, 21 degrees", tool_call_id="call_1"),
    ]
    assert [tool.name for tool in services.llm.options[-1].tools] == ["weather"]
    turns = {row.turn.number: row.turn for row in services.history.rows}
    first, second = turns[1], turns[2]
    assert first.calls == (
        CallRecord("weather", CALL.arguments_json, "sun, 21 degrees"),
    )
    assert [tool.name for tool in services.llm.read_options[-1].tools] == ["weather"]
    assert (second.question, second.calls) == ("", ())


async def test_nothing_is_called_before_the_turn_is_committed(talk: Talk) -> None:
    services = talk(CALL, script=["how is it", "how is it in Paris"])
    async with talking(services, tools=[TOOL]) as client:
        await client.say(1.0, -0.3)
        await until(lambda: len(services.llm.asked) == 1)
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
    assert len(of(events, "response.function_call_arguments.done")) == 1
    names = kinds(events)
    committed = names.index("input_audio_buffer.committed")
    assert committed < names.index("response.created")
    called = names.index("response.function_call_arguments.done")
    assert committed < called


async def test_a_cancelled_response_calls_nothing(talk: Talk) -> None:
    services = talk("Well, ", "let me look. ", CALL)
    services.llm.may_go_on.clear()
    async with talking(services, tools=[TOOL]) as client:
        await add(client)
        await client.send("response.create")
        await client.until("response.created")
        await until(lambda: len(services.llm.asked) == 1)
        await client.send("response.cancel")
        events = await client.until("response.done")
        await until(lambda: services.llm.stopped == 1)
        services.llm.may_go_on.set()
        services.llm.answer_with("Yes?")
        await add(client, "And now?")
        events += await respond(client)
    assert not of(events, "response.function_call_arguments.done")
    assert not any(message.tool_calls for message in services.llm.asked[-1])


async def test_an_interruption_keeps_what_was_called(talk: Talk) -> None:
    services = talk(
        "Let me look at the weather now. ", CALL, script=["weather", "stop that now"]
    )
    async with talking(services, tools=[TOOL]) as client:
        await client.say(1.0, -2.0)
        await client.until("response.done")
        services.llm.answer_with("All right.")
        await client.say(0.5, -2.0)
        await client.until("response.done")
    called = [each for each in services.llm.asked[-1] if each.tool_calls]
    assert [each.tool_calls for each in called] == [(CALL,)]
    assert "Let me look at the weather now.".startswith(called[0].content)
    assert called[0].content != "Let me look at the weather now."


@pytest.mark.parametrize("place", ["session", "response"])
async def test_a_model_without_tools_refuses_them(talk: Talk, place: str) -> None:
    services = talk("Yes.")
    services.llm.takes_tools = False
    async with talking(services) as client:
        kind = "session.update" if place == "session" else "response.create"
        await client.send(kind, **{place: {"tools": [TOOL]}})
        error = (await client.until("error"))[-1]["error"]
        assert (error["code"], error["param"]) == ("bad_value", f"{place}.tools")
        assert error["message"] == (
            "The language model fake-llm (fake) takes no `tools`."
        )
        await add(client)
        assert done(await respond(client))["status"] == "completed"


async def test_it_writes_without_a_voice(talk: Talk) -> None:
    services = talk("Paris is ", "the capital.")
    async with talking(services, **TEXT) as client:
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
    names = kinds(events)
    assert names[names.index("response.created") :] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert done(events)["output"][0]["content"] == [
        {"type": "output_text", "text": "Paris is the capital."}
    ]
    assert services.tts.said == []
    assert client.audio == []


async def test_speech_ends_a_reply_that_is_being_written(talk: Talk) -> None:
    script = ["tell me all", "stop that now"]
    services = talk(*["word "] * 200, script=script, seconds=0.02)
    async with talking(services, **TEXT) as client:
        await client.say(1.0, -2.0)
        await client.until("response.output_text.delta")
        await asyncio.sleep(1.3)
        await client.say(0.5, -2.0)
        events = await client.until("response.done")
        services.llm.answer_with("All right.")
        await client.until("response.done")
    assert not of(events, "x.output.pause")
    assert not of(events, "conversation.item.truncated")
    response = done(events)
    assert response["status_details"] == {
        "type": "cancelled",
        "reason": "turn_detected",
    }
    written = response["output"][0]["content"][0]["text"]
    assert ChatMessage("assistant", written) in services.llm.asked[-1]
    assert services.llm.stopped == 1


async def test_a_response_has_its_own_options(talk: Talk) -> None:
    services = talk("Bonjour.")
    async with talking(services, instructions="Be brief.", tools=[TOOL]) as client:
        await add(client)
        response = done(
            await respond(
                client,
                **TEXT,
                instructions="Answer in French.",
                max_output_tokens=7,
                tool_choice="none",
                metadata={"purpose": "greeting"},
            )
        )
        assert response["metadata"] == {"purpose": "greeting"}
        assert response["output_modalities"] == ["text"]
        await add(client)
        usual = done(await respond(client))
    assert usual["output_modalities"] == ["audio"]
    french, brief = services.llm.asked
    assert french[0] == ChatMessage("system", "Answer in French.")
    assert brief[0] == ChatMessage("system", "Be brief.")
    options = services.llm.options[0]
    assert (options.max_tokens, options.tool_choice) == (7, "none")


async def test_an_out_of_band_response_reads_its_own_input_aloud(talk: Talk) -> None:
    services = talk("Fish and chips.")
    async with talking(services) as client:
        await add(client, "I am hungry.")
        events = await respond(
            client,
            conversation="none",
            input=[],
            instructions="Read this word for word: Fish and chips.",
            metadata={"topic": "menu"},
        )
        assert done(events)["metadata"] == {"topic": "menu"}
        assert not of(events, "conversation.item.added")
        (spoken,) = done(events)["output"]
        assert spoken["content"][0]["transcript"] == "Fish and chips."
        assert {number for _, number, _, _ in client.audio} == {1}
        await add(client, "Well?")
        assert done(await respond(client))["metadata"] is None
    read, answered = services.llm.asked
    asked = ChatMessage("user", "Read this word for word: Fish and chips.")
    assert list(read) == [asked]
    assert [each.content for each in answered[1:]] == ["I am hungry.", "Well?"]
    beside, within = (row.turn for row in services.history.rows)
    assert (beside.out_of_band, within.out_of_band) == (True, False)
    assert (beside.question, beside.answer) == (asked.content, "Fish and chips.")
    assert within.question == "Well?"


async def test_several_out_of_band_responses_run_beside_a_reply(talk: Talk) -> None:
    services = talk(
        *["word "] * 20,
        seconds=0.02,
        embedded_llm_parallel=8,
        chat_out_of_band_responses=2,
    )
    async with talking(services) as client:
        for name in ("first", "second", "third"):
            response = {"conversation": "none", "metadata": {"name": name}, **TEXT}
            await client.send("response.create", response=response)
        refused = (await client.until("error"))[-1]["error"]
        assert "chat_out_of_band_responses" in refused["message"]
        await add(client)
        await client.send("response.create", response=TEXT)
        ended: list[dict[str, Any]] = []
        while len(ended) < 3:
            ended += of(await client.until("response.done"), "response.done")
    assert len(services.llm.asked) == 3
    assert {each["response"]["status"] for each in ended} == {"completed"}
    names = [(each["response"]["metadata"] or {}).get("name") for each in ended]
    assert sorted(names, key=str) == [None, "first", "second"]


async def test_an_out_of_band_response_is_cancelled_by_its_id(talk: Talk) -> None:
    services = talk(*["word "] * 200, seconds=0.02)
    async with talking(services) as client:
        await client.send("response.create", response={"conversation": "none", **TEXT})
        created = (await client.until("response.output_text.delta"))[0]
        await client.send("response.cancel")
        assert (await client.until("error"))[-1]["error"]["code"] == "bad_request"
        await client.send("response.cancel", response_id=created["response"]["id"])
        response = done(await client.until("response.done"))
        assert response["status"] == "cancelled"
        assert response["output"][0]["content"][0]["text"].startswith("word")
        await until(lambda: services.llm.stopped == 1)


async def test_an_out_of_band_response_says_why_it_failed(talk: Talk) -> None:
    async with talking(talk(LlmUnavailable("The model is away."))) as client:
        await client.send("response.create", response={"conversation": "none"})
        events = await client.until("response.done")
    assert of(events, "error")[0]["error"]["message"] == "The model is away."
    assert done(events)["status"] == "failed"


async def test_an_out_of_band_response_times_out(talk: Talk) -> None:
    services = talk("Late.", seconds=5.0, chat_reply_seconds=1)
    async with talking(services) as client:
        await client.send("response.create", response={"conversation": "none"})
        response = done(await client.until("response.done"))
    assert response["status"] == "incomplete"
    assert response["status_details"]["reason"] == "timed_out"


async def test_a_spoken_turn_is_answered_during_an_out_of_band_response(
    talk: Talk,
) -> None:
    services = talk(*["word "] * 200, seconds=0.05)
    async with talking(services) as client:
        await client.send("response.create", response={"conversation": "none", **TEXT})
        await client.until("response.output_text.delta")
        services.llm.answer_with("Sunny.")
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
    assert done(events)["output"][0]["content"][0]["transcript"] == "Sunny."
    assert of(events, "response.output_text.delta")


async def test_items_are_put_between_others_and_read_again(talk: Talk) -> None:
    services = talk("Yes.")
    async with talking(services) as client:
        first = await add(client, "first")
        await add(client, "third")
        await add(client, "second", previous_item_id=first)
        await add(client, "zeroth", previous_item_id="root")
        await client.send("conversation.item.retrieve", item_id=first)
        read = (await client.until("conversation.item.retrieved"))[-1]["item"]
        assert read["content"] == [{"type": "input_text", "text": "first"}]
        await respond(client, **TEXT)
    said = [each.content for each in services.llm.asked[-1][1:]]
    assert said == ["zeroth", "first", "second", "third"]


@pytest.mark.parametrize(
    ("field", "item", "previous"),
    [
        ("previous_item_id", MESSAGE, "nowhere"),
        ("item.id", {**MESSAGE, "id": "item_1"}, None),
        ("item.call_id", {**RESULT, "call_id": "call_9"}, None),
        ("item.call_id", MADE_CALL, None),
    ],
)
async def test_it_refuses_items_without_a_place_or_a_call(
    talk: Talk, field: str, item: dict[str, Any], previous: str | None
) -> None:
    async with talking(talk()) as client:
        await add_item(client, {**MESSAGE, "id": "item_1"})
        await add_item(client, MADE_CALL)
        await client.send(
            "conversation.item.create", item=item, previous_item_id=previous
        )
        error = (await client.until("error"))[-1]["error"]
    assert (error["code"], error["param"]) == ("bad_value", field)


async def test_an_input_may_refer_to_items(talk: Talk) -> None:
    services = talk("Yes.")
    async with talking(services) as client:
        first = await add(client, "first")
        await add(client, "second")
        known = {"type": "item_reference", "id": first}
        await respond(client, **TEXT, input=[known, MESSAGE])
        assert [each.content for each in services.llm.asked[-1][1:]] == ["first", "new"]
        unknown = {"type": "item_reference", "id": "nowhere"}
        error = (await respond(client, input=[unknown]))[-1]["error"]
    assert (error["code"], error["param"]) == ("bad_value", "response.input")
