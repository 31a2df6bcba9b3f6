"""When a server is asked again, how often, after which pause, and when it is not."""

from __future__ import annotations

import itertools
import time

import pytest

from common.errors import LlmUnavailable
from llm.resilience.retries import RetryPolicy
from tests.llm.helpers import (
    LONG_SECONDS,
    PATIENCE_SECONDS,
    ask,
    ask_for_pieces,
    ollama,
    quick,
)
from tests.servers import ollama as answers
from tests.servers.http import address_that_hangs, address_without_server
from tests.servers.ollama import OllamaServer


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_it_asks_again_after_a_server_error(status: int) -> None:
    with OllamaServer(answers.error(status, "busy")) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Hello there."
        assert len(server.chats) == 2


async def test_it_waits_twice_as_long_before_each_further_try() -> None:
    with OllamaServer(*[answers.error(503, "loading")] * 3) as server:
        async with ollama(server.url, ollama_retry_backoff=0.1) as engine:
            assert await ask(engine) == "Hello there."
        times = [request.arrived_at for request in server.chats]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(
        planned <= pause < planned + 1
        for planned, pause in zip([0.1, 0.2, 0.4], pauses, strict=True)
    )


def test_its_pauses_are_one_two_and_four_seconds_by_default() -> None:
    policy = RetryPolicy.from_settings(quick(ollama_retry_backoff=1.0))
    assert (policy.attempts, policy.backoff_seconds) == (3, 1.0)


async def test_it_says_who_was_asked_how_often_and_why_it_failed() -> None:
    with OllamaServer() as server:
        server.usual = answers.error(503, "no memory left")
        async with ollama(server.url, ollama_retry_attempts=2) as engine:
            with pytest.raises(LlmUnavailable) as raised:
                await ask(engine)
        assert len(server.chats) == 3
    message = raised.value.message
    assert f"Ollama at {server.url}" in message
    assert "answered 503: no memory left" in message
    assert "asked 3 times" in message
    assert "circuit breaker is off" in message


async def test_it_asks_again_when_nothing_listens() -> None:
    with address_without_server() as url:
        async with ollama(url, ollama_retry_attempts=2) as engine:
            with pytest.raises(LlmUnavailable, match="cannot be reached") as raised:
                await ask(engine)
    assert "asked 3 times" in raised.value.message


async def test_it_reaches_a_server_that_comes_back_between_two_tries() -> None:
    with OllamaServer(answers.cut_off()) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Hello there."


async def test_it_gives_up_on_a_connection_that_is_never_accepted() -> None:
    with address_that_hangs() as url:
        limits = {"ollama_retry_attempts": 0, "ollama_timeout": LONG_SECONDS}
        async with ollama(url, **limits) as engine:
            began = time.monotonic()
            with pytest.raises(LlmUnavailable, match="did not accept a connection"):
                await ask(engine)
    assert time.monotonic() - began < PATIENCE_SECONDS


async def test_it_does_not_ask_again_when_the_model_is_missing() -> None:
    with OllamaServer(models=["other:latest"]) as server:
        async with ollama(server.url) as engine:
            with pytest.raises(LlmUnavailable, match="`ollama pull llama3"):
                await ask(engine)
        assert len(server.chats) == 1


async def test_it_does_not_ask_again_when_the_request_is_refused() -> None:
    with OllamaServer(answers.error(400, "invalid options")) as server:
        async with ollama(server.url) as engine:
            with pytest.raises(LlmUnavailable, match="400: invalid options"):
                await ask(engine)
        assert len(server.chats) == 1


async def test_it_does_not_ask_again_when_the_first_token_is_late() -> None:
    with OllamaServer() as server:
        server.usual = answers.slow(LONG_SECONDS)
        async with ollama(server.url, ollama_timeout=0.5) as engine:
            began = time.monotonic()
            with pytest.raises(LlmUnavailable, match=r"gave nothing for 0\.5 s"):
                await ask(engine)
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert len(server.chats) == 1


async def test_it_never_asks_again_once_something_was_said() -> None:
    with OllamaServer(answers.cut_off("Once ", "upon ")) as server:
        async with ollama(server.url) as engine:
            pieces: list[str] = []
            with pytest.raises(LlmUnavailable, match="in the middle of the answer"):
                await ask_for_pieces(engine, pieces)
        assert pieces == ["Once ", "upon "]
        assert len(server.chats) == 1


async def test_it_raises_when_the_answer_stalls_between_two_tokens() -> None:
    with OllamaServer(answers.stalls("Once ")) as server:
        async with ollama(server.url, llm_token_gap_seconds=0.2) as engine:
            pieces: list[str] = []
            with pytest.raises(LlmUnavailable, match="gave nothing"):
                await ask_for_pieces(engine, pieces)
        assert pieces == ["Once "]


async def test_it_stops_trying_when_the_time_for_an_answer_is_over() -> None:
    with OllamaServer() as server:
        server.usual = answers.error(503, "loading")
        limits = {"llm_max_seconds": 0.4, "ollama_retry_backoff": 0.25}
        async with ollama(server.url, **limits) as engine:
            with pytest.raises(LlmUnavailable):
                await ask(engine)
        # Without the limit: four, in 1.75 s.
        assert len(server.chats) < 4
