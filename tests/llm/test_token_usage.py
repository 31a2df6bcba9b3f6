"""What an answer cost: as the server counted it, or as it is estimated."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from common.errors import LlmUnavailable
from llm.engine import ChatMessage, Finished, LlmEvent, TextDelta, TokenUsage
from llm.servers.context import MESSAGE_TOKENS
from llm.token_usage import with_usage

QUESTION = [ChatMessage("system", "Be brief."), ChatMessage("user", "Why?")]
ESTIMATE = TokenUsage(3 + 2 + 2 * MESSAGE_TOKENS, 3)
"""A third of the characters of each text, and of `Because.` for the answer."""


async def answer(
    *pieces: str, usage: TokenUsage | None = None, error: Exception | None = None
) -> AsyncGenerator[LlmEvent, None]:
    for piece in pieces:
        yield TextDelta(piece)
    if error is not None:
        raise error
    yield Finished("stop", "a-model", usage)


async def test_it_reports_what_the_server_counted() -> None:
    reported: list[TokenUsage] = []
    counted = TokenUsage(12, 34)
    events = answer("Because", ".", usage=counted)
    found = [event async for event in with_usage(events, QUESTION, reported.append)]
    assert found == [
        TextDelta("Because"),
        TextDelta("."),
        Finished("stop", "a-model", counted),
    ]
    assert reported == [counted]


async def test_it_estimates_where_the_server_does_not_count() -> None:
    reported: list[TokenUsage] = []
    async for _ in with_usage(answer("Because", "."), QUESTION, reported.append):
        pass
    assert reported == [ESTIMATE]


async def test_an_answer_that_is_cut_off_costs_what_was_said() -> None:
    reported: list[TokenUsage] = []
    events = with_usage(answer("Because", ".", "More."), QUESTION, reported.append)
    async with aclosing(events):
        await anext(events)
        await anext(events)
    assert reported == [ESTIMATE]


@pytest.mark.parametrize(("said", "costs"), [((), 0), (("Because", "."), 1)])
async def test_a_failure_costs_only_what_was_said(
    said: tuple[str, ...], costs: int
) -> None:
    reported: list[TokenUsage] = []
    events = answer(*said, error=LlmUnavailable("It is gone."))
    with pytest.raises(LlmUnavailable):
        async for _ in with_usage(events, QUESTION, reported.append):
            pass
    assert reported == [ESTIMATE] * costs
