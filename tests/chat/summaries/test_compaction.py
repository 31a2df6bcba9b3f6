"""Summaries of long conversations: when they are written, and when they give way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from chat_app.conversation.caller import Caller
from chat_app.conversation.options import ConversationOptions
from chat_app.conversation.read_ahead import ReadAhead
from chat_app.conversation.scheduler import ReplyScheduler
from chat_app.core.dialogue import SO_FAR, Dialogue, Item
from chat_app.replies.reply import ReplyServices
from chat_app.session.compaction import Compaction
from chat_app.session.summary import SummaryLimits
from common.errors import LlmUnavailable
from gateway_app.access.principals import ANONYMOUS
from gateway_app.usage.accounts import UNMETERED
from llm.embedded.engine import EmbeddedEngine
from llm.engine import ReplyOptions, text_deltas
from tests.chat.sockets import of, talking
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm
from tests.llm.helpers import quick, started
from tests.waiting import until

LIMITS = SummaryLimits(tokens=100, source_tokens=1_000, idle_seconds=0.0)
SUMMARY = ("They spoke ", "of tea.")


class Conversation:
    """A dialogue that is too long, with a language model and a scheduler for one reply."""

    def __init__(self, llm: Any) -> None:
        self.llm = llm
        self.is_idle = True
        self.scheduler = ReplyScheduler(1)
        self.dialogue = Dialogue(40)
        for number in range(4):
            text = f"Number {number} of the questions about the many kinds of tea."
            self.dialogue.put(Item(f"q{number}", "user", text))
            self.dialogue.put(Item(f"a{number}", "assistant", text))
        account = UNMETERED.account(ANONYMOUS, "")
        speech: Any = None  # Nothing is spoken.
        ahead = ReadAhead(llm, lambda: True)
        caller = Caller(ANONYMOUS, "", "sess")
        services = ReplyServices(llm, speech, self.scheduler, caller, account, ahead)
        self.compaction = Compaction(
            self.dialogue, services, LIMITS, lambda: self.is_idle
        )
        self.compaction.use(ConversationOptions(instructions="Be brief."), "en")

    async def speak(self) -> None:
        """The user begins to speak while the summary is being written."""
        await until(lambda: bool(self.llm.asked))
        self.is_idle = False
        self.compaction.look()
        await until(lambda: self.llm.stopped == 1)


@pytest.fixture
async def begin() -> AsyncIterator[Callable[..., Any]]:
    """Begins a conversation, and ends it."""
    begun = []

    async def make(*pieces: str | Exception) -> Conversation:
        llm = FakeLlm(pieces or SUMMARY)
        await llm.start()
        begun.append(Conversation(llm))
        return begun[0]

    yield make
    await begun[0].compaction.close()


async def test_it_writes_one_while_nobody_speaks(begin: Any) -> None:
    talk = await begin()
    talk.compaction.look()
    await until(lambda: bool(talk.llm.read_ahead))
    assert talk.dialogue.summary.text == "They spoke of tea."
    assert "q0" in talk.dialogue.summary.item_ids
    (asked,) = talk.llm.asked
    assert "in English" in asked[0].content
    assert talk.llm.options[0].max_tokens == LIMITS.summary_tokens
    # The next question finds its beginning read.
    assert talk.llm.read_ahead == [talk.dialogue.messages("Be brief.")]
    assert f"{SO_FAR} They spoke of tea." in talk.llm.read_ahead[0][0].content
    assert talk.scheduler.may_speculate()


async def test_it_stops_at_once_when_the_user_speaks_and_begins_again(
    begin: Any,
) -> None:
    talk = await begin()
    talk.llm.may_go_on.clear()
    talk.compaction.look()
    await talk.speak()
    await until(lambda: talk.scheduler.may_speculate())
    assert talk.dialogue.summary is None
    talk.llm.may_go_on.set()
    talk.is_idle = True
    talk.compaction.look()
    await until(lambda: talk.dialogue.summary is not None)


async def test_it_gives_way_to_the_turn_of_another_conversation(begin: Any) -> None:
    talk = await begin()
    talk.llm.may_go_on.clear()
    talk.compaction.look()
    await until(lambda: bool(talk.llm.asked))
    other = Conversation(FakeLlm()).compaction
    talk.scheduler.begin(other, speculative=False)
    await until(lambda: talk.llm.stopped == 1)
    talk.llm.may_go_on.set()
    talk.compaction.look()
    await asyncio.sleep(0.05)
    assert len(talk.llm.asked) == 1
    talk.scheduler.end(other)
    await until(lambda: talk.dialogue.summary is not None)


async def test_a_failure_leaves_everything_as_it_is(begin: Any) -> None:
    talk = await begin("They ", LlmUnavailable("The model is away."))
    before = talk.dialogue.messages("Be brief.")
    talk.compaction.look()
    await until(lambda: bool(talk.llm.asked))
    await asyncio.sleep(0.02)
    talk.compaction.look()
    await asyncio.sleep(0.02)
    assert talk.dialogue.messages("Be brief.") == before
    assert len(talk.llm.asked) == 1  # and it does not ask again at once


async def test_what_was_deleted_meanwhile_is_not_summarised(begin: Any) -> None:
    talk = await begin()
    talk.llm.may_go_on.clear()
    talk.compaction.look()
    await until(lambda: bool(talk.llm.asked))
    talk.dialogue.remove("q0")
    talk.llm.may_go_on.set()
    await until(lambda: talk.scheduler.may_speculate())
    assert talk.dialogue.summary is None


@pytest.mark.model
async def test_a_real_model_writes_one_and_reads_it() -> None:
    async with started(EmbeddedEngine(quick(ollama_timeout=90))) as engine:
        talk = Conversation(engine)
        talk.compaction.look()
        await until(lambda: talk.dialogue.summary is not None, seconds=60)
        summary = talk.dialogue.summary
        assert summary is not None and summary.text.split()
        # The estimate is three characters a token, and never too low.
        assert len(summary.text) <= 10 * LIMITS.summary_tokens
        messages = talk.dialogue.messages("Be brief.", "What do you like to drink?")
        assert summary.text in messages[0].content
        options = ReplyOptions(max_tokens=20)
        answer = [each async for each in text_deltas(engine.reply(messages, options))]
        assert "".join(answer).strip()
        await talk.compaction.close()


async def test_a_conversation_goes_on_with_its_summary(
    make_services: Callable[..., FakeServices],
) -> None:
    llm = FakeLlm(["Tea."])
    services = make_services(llm=llm, chat_items=4, chat_summary_idle_seconds=0)
    async with talking(services) as client:
        for number in range(2):
            content = [{"type": "input_text", "text": f"Question {number}?"}]
            item: dict[str, Any] = {"type": "message", "role": "user"}
            item |= {"id": f"q{number}", "content": content}
            await client.send("conversation.item.create", item=item)
            await client.send("response.create")
            await client.until("x.metrics")
        await until(
            lambda: bool(llm.read_ahead) and SO_FAR in llm.read_ahead[-1][0].content
        )
        content = [{"type": "input_text", "text": "And now?"}]
        item = {"type": "message", "role": "user", "content": content}
        await client.send("conversation.item.create", item=item)
        await client.send("response.create")
        await client.until("x.metrics")
        asked = [each for each in llm.asked if each[-1].content == "And now?"]
        assert f"{SO_FAR} Tea." in asked[0][0].content
        assert "Question 0?" not in [each.content for each in asked[0]]
        await client.send("conversation.item.delete", item_id="q0")
        events = await client.until("conversation.item.deleted", "error")
    assert of(events, "conversation.item.deleted")
