"""`/ws/voice` after a lost connection: the conversation goes on, and no audio is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.chat.services import Talk, talk_services
from tests.chat.sockets import LOST, VoiceClient, kinds, of, talking
from tests.fakes import FakeLlm


@pytest.fixture
def talk() -> Talk:
    """Makes services whose speech to text follows a script."""

    def make(script: Sequence[str], pieces: Sequence[str], **changes: Any) -> Any:
        return talk_services(script, FakeLlm(list(pieces)), **changes)

    return make


def token_of(client: VoiceClient) -> str:
    token: str = client.created["x.resume_token"]
    return token


async def test_speech_on_both_sides_of_the_cut_is_one_turn(talk: Talk) -> None:
    services = talk(["what time is it in Paris"], ["Noon."])
    async with talking(services, close_code=LOST) as client:
        assert client.created["x.resumed"] is False
        await client.say(1.0)
        await client.until("input_audio_buffer.speech_started")
    async with talking(services, resume=token_of(client)) as client:
        assert client.created["x.resumed"] is True
        assert client.created["x.audio_ms"] == 1_000
        started = (await client.until("input_audio_buffer.speech_started"))[-1]
        await client.say(1.0, -2.0)
        events = await client.until("response.done")
        assert (
            of(events, "input_audio_buffer.committed")[0]["item_id"]
            == (started["item_id"])
        )
    assert [each[-1].content for each in services.llm.asked][-1] == (
        "what time is it in Paris"
    )
    assert services.sessions.count("voice") == 0


async def test_a_client_that_comes_back_does_not_wait_for_the_language_model(
    talk: Talk,
) -> None:
    services = talk([], [])
    async with talking(services, close_code=LOST) as client:
        assert len(services.llm.read_ahead) == 1
    async with talking(services, resume=token_of(client)) as client:
        assert client.created["x.resumed"] is True
        assert client.created["x.not_ready"] == {}
    assert len(services.llm.read_ahead) == 1


async def test_a_reply_that_nobody_heard_is_given_again(talk: Talk) -> None:
    services = talk(["what time is it"], ["It is noon, ", "as you can see."])
    services.llm.may_go_on.clear()
    async with talking(services, close_code=LOST) as client:
        await client.say(1.0, -2.0)
        await client.until("response.created")
    services.llm.may_go_on.set()
    async with talking(services, resume=token_of(client)) as client:
        (question,) = client.created["x.items"]
        assert (question["role"], question["text"]) == ("user", "what time is it")
        events = await client.until("response.done")
        assert of(events, "response.created")[0]["response"]["x.number"] == 2
        done = of(events, "response.done")[0]["response"]
        assert done["status"] == "completed"
        assert client.audio


async def test_a_reply_is_cut_to_what_was_heard(talk: Talk) -> None:
    pieces = ["This is the first sentence of a long reply. ", "And the second."]
    services = talk(["tell me all", "go on"], pieces)
    async with talking(services, close_code=LOST) as client:
        await client.say(1.0, -2.0)
        events = await client.until("x.output.clause")
        response = of(events, "response.created")[0]["response"]["id"]
        await asyncio.sleep(0.3)
        await client.send("x.played", response_id=response, ms=700)
        await asyncio.sleep(0.1)
    async with talking(services, resume=token_of(client)) as client:
        heard = client.created["x.items"][1]
        assert heard["done"] is False
        assert pieces[0].startswith(heard["text"])
        await client.say(1.0, -2.0)
        await client.until("response.created")
    told = [each.content for each in services.llm.asked[-1]]
    assert told[-3:] == ["tell me all", heard["text"], "go on"]


async def test_the_earlier_connection_is_told_that_it_was_replaced(talk: Talk) -> None:
    services = talk(["what time is it"], ["Noon."])
    async with (
        talking(services) as before,
        talking(services, resume=token_of(before)) as client,
    ):
        events = await before.until("close")
        assert events[-1]["code"] == 4409
        assert of(events, "error")[0]["error"]["code"] == "superseded"
        await client.say(1.0, -2.0)
        assert "response.done" in kinds(await client.until("response.done"))


async def test_a_new_conversation_begins_when_none_is_parked(talk: Talk) -> None:
    services = talk(["what time is it"], ["Noon."], resume_seconds=0.05)
    async with talking(services, resume="of-nobody") as client:
        assert client.created["x.resumed"] is False
        assert token_of(client) != "of-nobody"
    async with talking(services, resume=token_of(client)) as client:
        assert client.created["x.resumed"] is False  # it was closed in order
    async with talking(services, close_code=LOST) as client:
        lost = token_of(client)
    await asyncio.sleep(0.3)
    async with talking(services, resume=lost) as client:
        assert client.created["x.resumed"] is False
