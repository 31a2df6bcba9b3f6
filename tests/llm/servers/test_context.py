"""A conversation is made to fit: old turns go, the question and the prompt stay."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from common.errors import TooLarge
from llm.engine import ChatMessage, text_deltas
from llm.servers.context import answer_budget, estimate_tokens, fit_context
from tests.llm.helpers import ollama
from tests.servers.ollama import OllamaServer

SYSTEM = ChatMessage("system", "Be brief.")
LAST = ChatMessage("user", "And now?")


def turns(count: int, words: int = 10) -> list[ChatMessage]:
    pairs = []
    for number in range(count):
        pairs.append(ChatMessage("user", f"question {number} " + "word " * words))
        pairs.append(ChatMessage("assistant", f"answer {number} " + "word " * words))
    return pairs


async def words(text: str) -> int:
    """A tokenizer to which each word is a token."""
    return len(text.split())


async def test_it_leaves_a_short_conversation_alone() -> None:
    messages = [SYSTEM, *turns(2), LAST]
    assert await fit_context(messages, 4_096, 300) == messages


async def test_it_leaves_out_the_oldest_turns() -> None:
    messages = [SYSTEM, *turns(6), LAST]
    kept = await fit_context(messages, 200, 50, words)
    assert kept[0] == SYSTEM
    assert kept[-1] == LAST
    assert kept == [SYSTEM, *messages[-len(kept) + 1 :]]
    assert 1 < len(kept) < len(messages)


async def test_it_counts_exactly_only_when_it_might_matter() -> None:
    counted: list[str] = []

    async def count(text: str) -> int:
        counted.append(text)
        return await words(text)

    await fit_context([SYSTEM, LAST], 2_048, 300, count)
    assert not counted


async def test_it_refuses_a_question_that_can_never_fit() -> None:
    question = ChatMessage("user", "word " * 500)
    with pytest.raises(TooLarge, match=r"has|have .* tokens; .* holds 256") as raised:
        await fit_context([SYSTEM, *turns(1), question], 256, 100, words)
    assert raised.value.field == "text"


async def test_it_leaves_a_question_of_unknown_size_to_the_server() -> None:
    question = ChatMessage("user", "word " * 500)
    assert await fit_context([SYSTEM, *turns(3), question], 256, 100) == [
        SYSTEM,
        question,
    ]


@given(st.integers(0, 12), st.integers(0, 80), st.integers(64, 2_048), st.booleans())
async def test_it_keeps_whole_turns_and_never_more_than_fits(
    count: int, size: int, context_tokens: int, prompted: bool
) -> None:
    head = [SYSTEM] if prompted else []
    messages = [*head, *turns(count, size), LAST]
    kept = await fit_context(messages, context_tokens, 300, words)
    assert kept[: len(head)] == head
    rest = kept[len(head) :]
    assert rest == messages[len(messages) - len(rest) :]
    assert rest[0].role == "user"
    assert len(rest) % 2 == 1
    if len(rest) > 1:
        used = sum([await words(m.content) + 8 for m in kept])
        assert used + answer_budget(context_tokens, 300) <= context_tokens


@pytest.mark.parametrize(
    ("text", "at_least"), [("", 0), ("Hello there.", 3), ("Grüße", 3), ("你好世界", 4)]
)
def test_it_estimates_rather_too_many_tokens(text: str, at_least: int) -> None:
    assert estimate_tokens(text) >= at_least


async def test_ollama_is_sent_what_fits_and_asked_for_as_much_context() -> None:
    with OllamaServer() as server:
        async with ollama(server.url, llm_context_tokens=256) as engine:
            messages = [SYSTEM, *turns(6, 20), LAST]
            assert [piece async for piece in text_deltas(engine.reply(messages))]
        sent = server.chats[0].json
    assert sent["options"]["num_ctx"] == 256
    assert sent["messages"][0]["content"] == SYSTEM.content
    assert sent["messages"][-1]["content"] == LAST.content
    assert len(sent["messages"]) < 8
