"""Any OpenAI-compatible server: what is sent, and what is made of its events."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import EngineFailed, LlmUnavailable
from llm.engine import ChatMessage, ReplyOptions, Tool
from llm.servers.openai import OpenAiEngine
from tests.llm.helpers import ask, ask_for_pieces, quick, started
from tests.servers import openai as answers
from tests.servers.ollama import html, raw, stalls
from tests.servers.openai import OpenAiServer, event


def engine_for(url: str, **changes: Any) -> Any:
    config = quick(**{"openai_url": url, "openai_model": "m", **changes})
    return started(OpenAiEngine(config))


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_it_finds_the_server_from_any_of_its_addresses(ending: str) -> None:
    with OpenAiServer() as server:
        async with engine_for(server.url + ending) as engine:
            assert await ask(engine) == "Hello there."


async def test_it_sends_the_model_the_key_and_the_limit() -> None:
    with OpenAiServer(api_key="sk-1") as server:
        limits = {"openai_api_key": "sk-1", "llm_max_tokens": 50}
        async with engine_for(server.url, **limits) as engine:
            await ask(engine, ReplyOptions(temperature=0.5))
            assert engine.health().ok
        sent = server.chats[0].json
    assert (sent["model"], sent["stream"]) == ("m", True)
    assert (sent["max_tokens"], sent["temperature"]) == (50, 0.5)


async def test_it_says_that_the_key_was_refused_and_never_shows_it() -> None:
    with OpenAiServer(api_key="sk-1") as server:
        async with engine_for(server.url, openai_api_key="sk-wrong") as engine:
            assert "openai_api_key" in engine.health().summary
            with pytest.raises(LlmUnavailable, match="refused the key") as raised:
                await ask(engine)
            assert "sk-wrong" not in raised.value.message + str(engine.health())
        assert len(server.chats) == 1


@pytest.mark.parametrize("missing", ["openai_url", "openai_model"])
async def test_it_does_not_start_without_its_settings(missing: str) -> None:
    given = {"openai_url": "http://127.0.0.1:9", "openai_model": "m", missing: ""}
    with pytest.raises(EngineFailed, match=missing):
        await OpenAiEngine(quick(**given)).start()


async def test_it_asks_again_after_a_server_error() -> None:
    with OpenAiServer(answers.error(500, "oops"), html(503)) as server:
        async with engine_for(server.url) as engine:
            assert await ask(engine) == "Hello there."
        assert len(server.chats) == 3


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (answers.error(404, "no such model"), "no such model"),
        (answers.error(400, "too long"), "400: too long"),
        (html(), "check `openai_url`"),
        (raw(b'{"choices": []}\n'), "check `openai_url`"),
        (raw(b"data: {broken\n\n"), "not JSON"),
        (raw(b'data: {"choices": 3}\n\n'), "no part of an answer"),
    ],
)
async def test_it_says_what_is_wrong_and_asks_only_once(
    behaviour: Any, reason: str
) -> None:
    with OpenAiServer(behaviour) as server:
        async with engine_for(server.url) as engine:
            with pytest.raises(LlmUnavailable, match=reason):
                await ask(engine)
        assert len(server.chats) == 1


async def test_it_needs_no_closing_word_when_a_reason_to_finish_came() -> None:
    with OpenAiServer(raw(event(content="Hi."), event("stop"))) as server:
        async with engine_for(server.url) as engine:
            assert await ask(engine) == "Hi."


async def test_it_notices_an_answer_that_just_ends() -> None:
    with OpenAiServer(raw(event(content="Hi"))) as server:
        async with engine_for(server.url) as engine:
            pieces: list[str] = []
            with pytest.raises(LlmUnavailable, match="before it was complete"):
                await ask_for_pieces(engine, pieces)
    assert pieces == ["Hi"]


async def test_it_is_not_held_up_by_comments_that_keep_the_connection_open() -> None:
    with OpenAiServer(raw(*[b": ping\n\n"] * 200)) as server:
        async with engine_for(server.url, ollama_timeout=0.3) as engine:
            with pytest.raises(LlmUnavailable, match="gave nothing"):
                await ask(engine)


async def test_it_drops_reasoning_in_fields_of_its_own() -> None:
    hidden = event(reasoning_content="Hm."), event(reasoning="Well.")
    script = raw(*hidden, event(content="Yes."), event("stop"))
    with OpenAiServer(script) as server:
        async with engine_for(server.url) as engine:
            assert await ask(engine) == "Yes."


async def test_it_raises_an_error_between_two_events() -> None:
    broken = raw(event(content="Hi"), b'data: {"error": {"message": "oom"}}\n\n')
    with OpenAiServer(broken) as server:
        async with engine_for(server.url) as engine:
            with pytest.raises(LlmUnavailable, match=r"oom in the middle"):
                await ask(engine)


async def test_it_waits_no_longer_than_the_timeout() -> None:
    with OpenAiServer(stalls()) as server:
        async with engine_for(server.url, ollama_timeout=0.2) as engine:
            with pytest.raises(LlmUnavailable, match="gave nothing"):
                await ask(engine)


async def test_it_reads_ahead_with_the_tools_only_where_that_is_wanted() -> None:
    weather = Tool("weather", "The weather of a city.", {"type": "object"})
    for wanted in (False, True):
        with OpenAiServer() as server:
            async with engine_for(server.url, openai_reads_ahead=wanted) as engine:
                options = ReplyOptions(tools=(weather,))
                await engine.warm([ChatMessage("system", "Be brief.")], options)
                await ask(engine, options)
        *ahead, asked = (chat.json for chat in server.chats)
        assert len(ahead) == wanted
        assert [each["tools"] for each in ahead] == [asked["tools"]] * wanted
        assert [each["max_tokens"] for each in ahead] == [1] * wanted
