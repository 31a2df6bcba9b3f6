"""Two connections want one conversation, and a conversation that is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from channels.testing import WebsocketCommunicator

from chat_app.services import ConversationServices
from llm.engine import ChatMessage, ReplyOptions
from tests.chat.services import talk_services
from tests.chat.sockets import LOST, VoiceClient, kinds, talking, voice_socket
from tests.fakes import FakeLlm


class SlowToWarm(FakeLlm):
    """Reads its instructions only once it may."""

    def __init__(self) -> None:
        super().__init__(["Noon."])
        self.may_warm = asyncio.Event()
        self.may_warm.set()
        self.warms = asyncio.Event()

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        await super().warm(messages, options)
        self.warms.set()
        await self.may_warm.wait()


async def opened(services: Any, llm: SlowToWarm, token: str) -> WebsocketCommunicator:
    """A connection that has claimed the conversation, and waits for the model."""
    llm.warms.clear()
    socket = voice_socket(services, resume=token)
    await socket.connect(timeout=10)
    await asyncio.wait_for(llm.warms.wait(), 10)
    return socket


async def test_one_that_is_replaced_before_it_has_begun_takes_nothing() -> None:
    llm = SlowToWarm()
    services = talk_services(["what time is it"], llm)
    async with talking(services, close_code=LOST) as lost:
        token = lost.created["x.resume_token"]
    llm.may_warm.clear()
    first = await opened(services, llm, token)
    second = VoiceClient(await opened(services, llm, token))
    llm.may_warm.set()
    assert (await second.next())["session"]["x.resumed"] is True
    await second.say(1.0, -2.0)
    events = kinds(await second.until("response.done"))
    told = [await first.receive_output(timeout=10) for _ in range(2)]
    assert json.loads(told[0]["text"])["error"]["code"] == "superseded"
    assert told[1]["code"] == 4409
    assert events[0] == "input_audio_buffer.speech_started"
    assert "input_audio_buffer.committed" in events
    for socket in (first, second.socket):
        await socket.disconnect()


async def test_nobody_claims_a_conversation_that_is_about_to_end() -> None:
    services = talk_services(resume_seconds=0.05)
    async with talking(services, close_code=LOST) as lost:
        token = lost.created["x.resume_token"]
    parking = services[ConversationServices].parking
    (held,) = parking._held.values()
    parking._end_soon(held)
    assert parking.claim(token, held.principal_id) is None
    await parking.stop()
