"""What the conversation keeps of a response that the client truncates on the way."""

from __future__ import annotations

import pytest

from tests.chat.services import Talk
from tests.compat.realtime.conversations.talking import DONE, Talker, talking
from tests.fakes import FakeLlm

CANCEL, TRUNCATE = "response.cancel", "conversation.item.truncate"


async def item_in_progress(client: Talker) -> str:
    """Have something answered; the id of the answer, whose audio has begun to come."""
    await client.write("Count.")
    await client.send("response.create")
    events = await client.until("response.output_audio.delta")
    (item,) = (e["item"] for e in events if e["type"] == "response.output_item.added")
    found: str = item["id"]
    return found


@pytest.mark.parametrize("order", [(CANCEL, TRUNCATE), (TRUNCATE, CANCEL)])
async def test_the_client_knows_best_what_was_heard_of_a_cancelled_response(
    talk: Talk, order: tuple[str, str]
) -> None:
    services = talk(llm=FakeLlm(["One two three. "] * 50, seconds=0.1))
    async with talking(services) as client:
        item_id = await item_in_progress(client)
        fields = {"item_id": item_id, "content_index": 0, "audio_end_ms": 100}
        for kind in order:
            await client.send(kind, **(fields if kind == TRUNCATE else {}))
        await client.until("conversation.item.truncated", DONE)
        await client.until("conversation.item.truncated", DONE)
        await client.write("Go on.")
        services.llm.answer_with("Two.")
        await client.ask()
    texts = [each.content for each in services.llm.asked[-1]]
    assert texts[1:] == ["Count.", "One", "Go on."]


async def test_what_comes_after_a_truncation_was_not_heard(talk: Talk) -> None:
    services = talk(llm=FakeLlm(["One two three. "] * 3, seconds=0.1))
    async with talking(services) as client:
        item_id = await item_in_progress(client)
        fields = {"item_id": item_id, "content_index": 0, "audio_end_ms": 100}
        await client.send(TRUNCATE, **fields)
        await client.until(DONE)
        await client.send("conversation.item.retrieve", item_id=item_id)
        retrieved = (await client.until("conversation.item.retrieved"))[-1]["item"]
        await client.ask()
    assert retrieved["content"][0]["transcript"] == "One"
    assert [each.content for each in services.llm.asked[-1]][1:] == ["Count.", "One"]
