"""An answer ends at its limits, and reasoning never comes out."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from common.errors import LlmUnavailable
from llm.engine import ReplyOptions, text_deltas
from llm.servers.reasoning import ReasoningFilter
from tests.llm.helpers import LONG_SECONDS, PATIENCE_SECONDS, QUESTION, ask, ollama
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer


async def test_it_cuts_the_answer_at_so_many_characters() -> None:
    with OllamaServer() as server:
        server.usual = answers.endless(0)
        limits = {"llm_max_characters": 23, "llm_max_tokens": 1_000}
        async with ollama(server.url, **limits) as engine:
            assert await ask(engine) == "word word word word wor"


async def test_it_cuts_the_answer_of_a_server_that_ignores_the_token_limit() -> None:
    with OllamaServer() as server:
        server.usual = answers.endless(0)
        async with ollama(server.url, llm_max_tokens=10) as engine:
            pieces = [piece async for piece in text_deltas(engine.reply(QUESTION))]
            assert len(pieces) == 10
            fewer = await ask(engine, ReplyOptions(max_tokens=3))
            assert fewer.split() == ["word"] * 3


async def test_it_never_asks_for_more_tokens_than_the_setting_allows() -> None:
    with OllamaServer() as server:
        async with ollama(server.url, llm_max_tokens=10) as engine:
            await ask(engine, ReplyOptions(max_tokens=1_000_000))
        assert server.chats[0].json["options"]["num_predict"] == 10


async def test_it_ends_the_answer_when_its_time_is_over() -> None:
    with OllamaServer() as server:
        server.usual = answers.endless(0.02)
        limits = {"llm_max_seconds": 2.0, "ollama_timeout": LONG_SECONDS}
        async with ollama(server.url, **limits) as engine:
            began = time.monotonic()
            assert (await ask(engine)).startswith("word ")
            assert 1.5 < time.monotonic() - began < PATIENCE_SECONDS


async def test_it_drops_reasoning_in_a_field_of_its_own() -> None:
    with OllamaServer(answers.reasoned("Let me think.", "Yes.")) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Yes."


async def test_it_drops_reasoning_between_tags() -> None:
    pieces = ["<th", "ink>\nLet me ", "think. <b", "/></thi", "nk>\n\n", "Yes", "."]
    with OllamaServer(answers.answer(*pieces)) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Yes."


async def test_it_says_so_when_all_tokens_went_into_reasoning() -> None:
    with OllamaServer(answers.reasoned("Hm.", reason="length")) as server:
        async with ollama(server.url) as engine:
            with pytest.raises(LlmUnavailable, match="spent all its tokens"):
                await ask(engine)


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["plain"], "plain"),
        (["<think>a</think>b"], "b"),
        (["<THINK>a</Think>b"], "b"),
        (["<thinking>a</think></thinking>b"], "b"),
        (["a<think>b</think>c<think>d</think>e"], "ace"),
        (["a<think>never closed"], "a"),
        (["1 < 2 and ", "<t", "able>"], "1 < 2 and <table>"),
        (["ends with <thi"], "ends with <thi"),
        (["İ<think>İ</think>ok"], "İok"),
        (["  \n", " Hello"], "Hello"),
    ],
)
def test_it_keeps_only_what_is_meant_to_be_heard(pieces: list[str], said: str) -> None:
    thoughts = ReasoningFilter()
    assert "".join(map(thoughts.push, pieces)) + thoughts.flush() == said


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "a", " b", ">"])))
def test_it_says_the_same_however_the_text_is_cut(parts: list[str]) -> None:
    text = "x" + "".join(parts)
    whole, cut = ReasoningFilter(), ReasoningFilter()
    expected = whole.push(text) + whole.flush()
    assert "".join(map(cut.push, text)) + cut.flush() == expected
