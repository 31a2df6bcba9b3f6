"""Function calls of language model servers that give every answer's call the same id."""

from __future__ import annotations

from chat_app.conversation.records import CallRecord
from llm.engine import ChatMessage, ToolCall
from tests.chat.services import talk_services
from tests.chat.sockets import VoiceClient, of, talking
from tests.fakes import FakeLlm

CALLS = [
    ToolCall("call_0", "weather", f'{{"city": "{city}"}}') for city in ("Paris", "Rome")
]
TEXT = {"output_modalities": ["text"]}


async def ask(client: VoiceClient) -> str:
    """Ask for a response; the id of the call that it makes."""
    await client.send("response.create", response=TEXT)
    events = await client.until("response.done")
    (called,) = of(events, "response.function_call_arguments.done")
    found: str = called["call_id"]
    return found


async def give(client: VoiceClient, call_id: str, output: str) -> None:
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    await client.send("conversation.item.create", item=item)
    await client.until("conversation.item.done")


async def test_each_call_has_an_id_and_a_result_of_its_own() -> None:
    services = talk_services(llm=FakeLlm([CALLS[0]]))
    async with talking(services) as client:
        paris = await ask(client)
        services.llm.answer_with("And where else? ")
        await client.send("response.create", response=TEXT)
        await client.until("response.done")
        services.llm.answer_with(CALLS[1])
        rome = await ask(client)
        assert paris != rome
        await give(client, rome, "rain")
        await give(client, paris, "sun")
        services.llm.answer_with("Sun and rain.")
        await client.send("response.create", response=TEXT)
        await client.until("response.done")
    assert list(services.llm.asked[-1])[1:] == [
        ChatMessage("assistant", "", (CALLS[0],)),
        ChatMessage("tool", "sun", tool_call_id="call_0"),
        ChatMessage("assistant", "And where else?", (CALLS[1],)),
        ChatMessage("tool", "rain", tool_call_id="call_0"),
    ]
    kept = {row.turn.number: row.turn.calls for row in services.history.rows}
    assert kept[1] == (CallRecord("weather", CALLS[0].arguments_json, "sun"),)
    assert kept[3] == (CallRecord("weather", CALLS[1].arguments_json, "rain"),)
