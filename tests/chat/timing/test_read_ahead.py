"""The language model reads a question while it is asked, one thing at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chat_app.conversation.read_ahead import ReadAhead
from llm.engine import ChatMessage, ReplyOptions
from tests.fakes import FakeLlm


class SlowReader(FakeLlm):
    """Reads until it may stop."""

    def __init__(self) -> None:
        super().__init__()
        self.may_stop = asyncio.Event()
        self.given_up = 0

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        await super().warm(messages, options)
        try:
            await self.may_stop.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise


def said(text: str) -> list[ChatMessage]:
    """The conversation, ending with this."""
    system = [ChatMessage("system", "Be brief.")]
    return [*system, ChatMessage("user", text)] if text else system


def texts(llm: FakeLlm) -> list[str]:
    """The last message of all that was read."""
    return [messages[-1].content for messages in llm.read_ahead]


async def test_it_reads_what_is_new_without_the_unstable_last_word() -> None:
    llm = FakeLlm()
    ahead = ReadAhead(llm, lambda: True)
    ahead.begin(said, ReplyOptions())
    for caption in ("what", "what time is it", "what time is it in Par", "", "what"):
        await ahead.settled()
        ahead.hear(caption)
    ahead.hear("what time is it in Paris when it is noon.")
    await ahead.settled()
    assert texts(llm) == [
        "Be brief.",
        "what time is",
        "what time is it in Paris when it is",
    ]


async def test_every_turn_is_read_from_its_beginning() -> None:
    llm = FakeLlm()
    ahead = ReadAhead(llm, lambda: True)
    for caption in ("what time is it", "and where is that"):
        ahead.begin(said, ReplyOptions())
        await ahead.settled()
        ahead.hear(caption)
        await ahead.settled()
    assert texts(llm) == ["Be brief.", "what time is", "Be brief.", "and where is"]


async def test_it_reads_one_thing_at_a_time_and_a_reply_waits_for_it() -> None:
    llm = SlowReader()
    ahead = ReadAhead(llm, lambda: True)
    ahead.begin(said, ReplyOptions())
    ahead.hear("what time is it")
    waiting = asyncio.create_task(ahead.settled())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    llm.may_stop.set()
    await waiting
    assert texts(llm) == ["Be brief."]


async def test_a_reply_does_not_wait_for_ever() -> None:
    llm = SlowReader()
    ahead = ReadAhead(llm, lambda: True)
    ahead.begin(said, ReplyOptions())
    async with asyncio.timeout(5):
        await ahead.settled()
        await ahead.close()
    assert llm.given_up == 1


async def test_it_reads_no_captions_while_somebody_waits_for_a_reply() -> None:
    llm = FakeLlm()
    ahead = ReadAhead(llm, lambda: False)
    ahead.begin(said, ReplyOptions())
    await ahead.settled()
    ahead.hear("what time is it")
    await ahead.settled()
    assert texts(llm) == ["Be brief."]
