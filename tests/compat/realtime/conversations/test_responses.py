"""Responses of a conversation: out of band, written, with options, and cancelled."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from common.errors import LlmUnavailable
from llm.engine import ToolCall
from tests.chat.services import ANSWER, Talk
from tests.compat.realtime.conversations.talking import (
    DONE,
    audio_of,
    kinds,
    one,
    samples_of,
    talking,
    typed,
)
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm
from tests.stt.sounds import pcm

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = ToolCall("call_1", "weather", '{"city": "Paris"}')


def said(services: FakeServices, number: int = -1) -> list[tuple[str, str]]:
    return [(each.role, each.content) for each in services.llm.asked[number]]


async def test_a_session_may_be_text_only(talk: Talk) -> None:
    services = talk()
    async with talking(services, output_modalities=["text"]) as client:
        await client.write("Hello.")
        events = await client.ask()
        assert services.tts.said == []
        spoken = await client.ask(output_modalities=["audio"])
    assert [name for name in kinds(events) if "delta" not in name] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        DONE,
    ]
    text = "".join(
        each["delta"] for each in typed(events, "response.output_text.delta")
    )
    assert text == ANSWER
    response = events[-1]["response"]
    assert response["output_modalities"] == ["text"]
    assert response["output"][0]["content"] == [{"type": "output_text", "text": ANSWER}]
    assert len(audio_of(spoken)) > 0


async def test_an_out_of_band_response_leaves_no_trace(talk: Talk) -> None:
    services = talk()
    async with talking(services, instructions="Be brief.") as client:
        await client.write("Hello.")
        read = {"role": "user", "type": "message"}
        content = [{"type": "input_text", "text": "Read this."}]
        events = await client.ask(
            conversation="none",
            metadata={"topic": "reading"},
            instructions="Read it word for word.",
            input=[{**read, "content": content}],
        )
        assert said(services) == [
            ("system", "Read it word for word."),
            ("user", "Read this."),
        ]
        assert not [each for each in events if each["type"].startswith("conversation.")]
        response = events[-1]["response"]
        assert response["metadata"] == {"topic": "reading"}
        assert response["conversation_id"] is None
        assert len(audio_of(events)) > 0
        await client.ask()
    assert said(services) == [("system", "Be brief."), ("user", "Hello.")]


async def test_the_input_of_a_response_may_refer_to_items(talk: Talk) -> None:
    services = talk()
    async with talking(services) as client:
        await client.write("First.")
        added = await client.add(
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Second."}],
            }
        )
        reference = {"type": "item_reference", "id": added["item"]["id"]}
        events = await client.ask(input=[reference])
        assert [content for role, content in said(services)][1:] == ["Second."]
        assert typed(events, "conversation.item.added")
        unknown = {"type": "item_reference", "id": "nothing"}
        error = (await client.ask(input=[unknown]))[-1]["error"]
    assert (error["code"], error["param"]) == ("invalid_value", "response.input")


async def test_a_second_response_is_refused_but_not_an_out_of_band_one(
    talk: Talk,
) -> None:
    services = talk(llm=FakeLlm(["One. ", "Two. ", "Three."], seconds=0.3))
    async with talking(services) as client:
        await client.write("Hello.")
        await client.send("response.create")
        await client.until("response.created")
        await client.send("response.create", event_id="too early")
        error = (await client.until("error"))[-1]["error"]
        assert error["code"] == "conversation_already_has_active_response"
        assert error["event_id"] == "too early"
        await client.send("response.create", response={"conversation": "none"})
        done = [(await client.until(DONE))[-1], (await client.until(DONE))[-1]]
    assert [each["response"]["status"] for each in done] == ["completed"] * 2


async def test_the_next_response_need_not_wait_until_the_last_was_heard(
    talk: Talk,
) -> None:
    async with talking(talk()) as client:
        await client.write("Hello.")
        for _ in range(3):
            events = await client.ask()
            assert events[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize("by_id", [False, True])
async def test_a_response_is_cancelled(talk: Talk, by_id: bool) -> None:
    services = talk(llm=FakeLlm(["One. ", "Two. ", "Three."], seconds=0.5))
    async with talking(services) as client:
        await client.write("Hello.")
        await client.send("response.create")
        begun = await client.until("response.created")
        wanted = {"response_id": begun[-1]["response"]["id"]} if by_id else {}
        await client.send("response.cancel", **wanted)
        events = await client.until(DONE)
        assert events[-1]["response"]["status"] == "cancelled"
        details = events[-1]["response"]["status_details"]
        assert details["reason"] == "client_cancelled"
        await client.send("response.cancel", event_id="mine", **wanted)
        error = (await client.until("error"))[-1]["error"]
    assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "mine")


async def test_an_out_of_band_response_is_cancelled(talk: Talk) -> None:
    services = talk(llm=FakeLlm(["One. ", "Two. ", "Three."], seconds=0.5))
    async with talking(services) as client:
        await client.send("response.create", response={"conversation": "none"})
        begun = await client.until("response.created")
        wanted = begun[-1]["response"]["id"]
        await client.send("response.cancel", response_id=wanted)
        assert (await client.until(DONE))[-1]["response"]["status"] == "cancelled"


async def test_a_failure_is_told_in_the_response(talk: Talk) -> None:
    services = talk(llm=FakeLlm([LlmUnavailable("Nobody answers.")]))
    async with talking(services) as client:
        await client.write("Hello.")
        events = await client.ask()
    assert not typed(events, "error")
    response = events[-1]["response"]
    assert response["status"] == "failed"
    assert response["status_details"]["error"]["code"] == "llm_unavailable"


async def test_voice_speed_and_length_are_chosen(talk: Talk) -> None:
    services = talk()
    output = {"voice": {"id": "marin"}, "speed": 2.0}
    async with talking(services, audio={"output": output}) as client:
        await client.write("Hello.")
        events = await client.ask(max_output_tokens=7)
        assert services.llm.options[-1].max_tokens == 7
        await client.send(
            "session.update",
            session={"type": "realtime", "audio": {"output": {"voice": "nobody"}}},
        )
        error = (await client.until("error"))[-1]["error"]
        assert error["param"] == "session.audio.output.voice"
        await client.send("response.create", response={"max_output_tokens": 0})
        error = (await client.until("error"))[-1]["error"]
        assert error["param"] == "response.max_output_tokens"
    seconds = len(samples_of(events)) / 24_000
    expected = len(ANSWER) * services.tts.SECONDS_PER_CHARACTER / 2
    assert seconds == pytest.approx(expected, abs=0.3)
    assert one(events, DONE)["response"]["audio"]["output"]["voice"] == "marin"


async def test_all_replies_that_wait_to_be_heard_are_recorded(talk: Talk) -> None:
    """They are sent at once, and played one after the other."""
    services = talk()
    async with talking(services) as client:
        for _ in range(10):
            await client.write("Hello.")
            await client.ask()
    assert len(services.history.rows) == 10


async def test_a_function_is_called_and_its_result_answered(talk: Talk) -> None:
    services = talk(llm=FakeLlm([CALL]))
    async with talking(services, tools=[WEATHER], tool_choice="auto") as client:
        await client.write("What is the weather in Paris?")
        events = await client.ask()
        assert kinds(events) == [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "conversation.item.done",
            DONE,
        ]
        called = one(events, "response.function_call_arguments.done")
        assert called["name"] == "weather"
        assert called["arguments"] == CALL.arguments_json
        (item,) = events[-1]["response"]["output"]
        assert (item["type"], item["call_id"]) == ("function_call", called["call_id"])
        await client.add(
            {
                "type": "function_call_output",
                "call_id": called["call_id"],
                "output": "It rains.",
            }
        )
        await client.ask(tools=[])
    (tool,) = services.llm.options[0].tools
    assert (tool.name, tool.description) == ("weather", "The weather of a city.")
    assert services.llm.options[-1].tools == ()
    *_, call, result = services.llm.asked[-1]
    assert call.tool_calls[0].name == "weather"
    assert (result.role, result.content) == ("tool", "It rains.")


async def test_a_choice_of_tools_may_come_before_the_tools(talk: Talk) -> None:
    services = talk()
    async with talking(services, tool_choice="required") as client:
        await client.write("Hello.")
        await client.ask()
        shown = await client.update(tools=[WEATHER])
        await client.ask()
    assert shown["tool_choice"] == "required"
    choices = [each.tool_choice for each in services.llm.options]
    assert choices == ["auto", "required"]


async def test_a_message_comes_before_the_call(talk: Talk) -> None:
    services = talk(llm=FakeLlm(["Let me look. ", CALL]))
    async with talking(services, tools=[WEATHER]) as client:
        await client.write("What is the weather in Paris?")
        events = await client.ask()
    added = typed(events, "response.output_item.added")
    assert [each["item"]["type"] for each in added] == ["message", "function_call"]
    assert [each["output_index"] for each in added] == [0, 1]
    names = kinds(events)
    assert names.index("response.content_part.done") < names.index(
        "response.function_call_arguments.delta"
    )


class NoTools(FakeLlm):
    takes_tools = False


async def test_a_model_without_tools_says_so(talk: Talk) -> None:
    async with talking(talk(llm=NoTools())) as client:
        await client.send(
            "session.update", session={"type": "realtime", "tools": [WEATHER]}
        )
        error = (await client.until("error"))[-1]["error"]
        assert error["param"] == "session.tools"
        await client.write("Hello.")
        assert (await client.ask())[-1]["response"]["status"] == "completed"


async def test_audio_in_an_item_is_transcribed(talk: Talk) -> None:
    services = talk(["from a recording"])
    audio = base64.b64encode(pcm(-0.2, 1.0, -0.2, rate_hz=24_000)).decode()
    content = [{"type": "input_audio", "audio": audio}]
    async with talking(services) as client:
        added = await client.add(
            {"type": "message", "role": "user", "content": content}
        )
        (shown,) = added["item"]["content"]
        assert shown == {"type": "input_audio", "transcript": "from a recording"}
        heard = await client.next()
        assert heard["transcript"] == "from a recording"
        await client.ask()
    assert said(services)[-1] == ("user", "from a recording")


async def test_items_are_put_anywhere_read_and_deleted(talk: Talk) -> None:
    services = talk()
    async with talking(services) as client:
        await client.write("Second.")
        await client.write("First.", previous_item_id="root")
        third = {"type": "input_text", "text": "Third."}
        added = await client.add(
            {"id": "mine", "type": "message", "role": "user", "content": [third]}
        )
        assert added["item"]["id"] == "mine"
        await client.send("conversation.item.retrieve", item_id="mine")
        found = (await client.next())["item"]
        assert found == added["item"]
        await client.ask()
        assert [text for _, text in said(services)][1:] == [
            "First.",
            "Second.",
            "Third.",
        ]
        await client.send("conversation.item.delete", item_id="mine")
        assert (await client.until("conversation.item.deleted"))[-1][
            "item_id"
        ] == "mine"
        await client.ask()
        assert ("user", "Third.") not in said(services)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"previous_item_id": "nothing"}, "item_create_invalid_previous_item_id"),
        (
            {"item": {"type": "function_call_output", "call_id": "c", "output": "x"}},
            "invalid_value",
        ),
    ],
)
async def test_an_item_that_does_not_fit_is_an_error_of_this_api(
    talk: Talk, fields: dict[str, Any], code: str
) -> None:
    content = [{"type": "input_text", "text": "Hello."}]
    message = {"type": "message", "role": "user", "content": content}
    async with talking(talk()) as client:
        await client.send("conversation.item.create", **{"item": message, **fields})
        assert (await client.error())["code"] == code
        await client.write("Still here.")


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("conversation.item.retrieve", {}, "item_retrieve_invalid_item_id"),
        ("conversation.item.delete", {}, "item_delete_invalid_item_id"),
        (
            "conversation.item.truncate",
            {"content_index": 0, "audio_end_ms": 1},
            "item_truncate_invalid_item_id",
        ),
    ],
)
async def test_an_unknown_item_is_an_error_with_the_event_id(
    talk: Talk, kind: str, fields: dict[str, Any], code: str
) -> None:
    async with talking(talk()) as client:
        await client.send(kind, item_id="nothing", event_id="mine", **fields)
        error = await client.error()
        assert (error["code"], error["event_id"]) == (code, "mine")
        await client.write("Still here.")
