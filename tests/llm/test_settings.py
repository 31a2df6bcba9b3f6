"""What the settings of time, memory and sampling come to at the server."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from common.config import ConfigError, load_config
from common.errors import BadValue, LlmUnavailable
from llm.engine import ReplyOptions
from llm.prompt import SPOKEN_ANSWERS
from llm.servers.openai import OpenAiEngine
from tests.llm.helpers import (
    LONG_SECONDS,
    PATIENCE_SECONDS,
    ask,
    looked_at,
    ollama,
    quick,
    started,
)
from tests.servers import ollama as answers
from tests.servers.http import address_that_hangs
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAiServer
from tests.waiting import until

SAMPLING = ReplyOptions(temperature=0.0, top_p=0.5, seed=7)


@pytest.mark.parametrize(
    ("setting", "sent"), [("30m", "30m"), ("-1", -1), ("0", 0), ("90", 90)]
)
async def test_it_tells_ollama_how_long_to_keep_the_model(
    setting: str, sent: Any
) -> None:
    with OllamaServer() as server:
        async with ollama(server.url, ollama_keep_alive=setting) as engine:
            await ask(engine)
    assert server.chats[0].json["keep_alive"] == sent


@pytest.mark.parametrize("value", ["soon", "1 h", "", "-2"])
def test_it_refuses_a_time_that_ollama_would_not_understand(value: str) -> None:
    with pytest.raises(ConfigError, match="OLLAMA_KEEP_ALIVE"):
        load_config({"OLLAMA_KEEP_ALIVE": value})


async def test_it_hands_on_the_options_of_a_request() -> None:
    with OllamaServer() as server:
        async with ollama(server.url) as engine:
            await ask(engine, SAMPLING)
            await ask(engine)
    with_them, without = (chat.json["options"] for chat in server.chats)
    assert with_them == {
        "num_predict": 300,
        "temperature": 0.0,
        "top_p": 0.5,
        "seed": 7,
    }
    assert without == {"num_predict": 300}


async def test_it_hands_them_on_to_an_openai_server_too() -> None:
    with OpenAiServer() as server:
        config = quick(openai_url=server.url, openai_model="m")
        async with started(OpenAiEngine(config)) as engine:
            await ask(engine, SAMPLING)
    sent = server.chats[0].json
    assert (sent["temperature"], sent["top_p"], sent["seed"]) == (0.0, 0.5, 7)


async def test_it_calls_an_unknown_model_of_a_request_a_bad_value() -> None:
    with OllamaServer() as server:
        async with ollama(server.url) as engine:
            with pytest.raises(BadValue, match="no model `gpt-9`") as raised:
                await ask(engine, ReplyOptions(model="gpt-9"))
            assert raised.value.field == "model"
            assert await ask(engine)


async def test_it_loads_the_model_before_the_first_request() -> None:
    with OllamaServer() as server:
        async with ollama(server.url, ollama_warm_up=True) as engine:
            await until(lambda: bool(server.chats))
            sent = server.chats[0].json
            assert sent["messages"][0]["content"] == SPOKEN_ANSWERS
            assert sent["options"]["num_predict"] == 1
            await looked_at(server, 3)
            assert len(server.chats) == 1
            server.vanish()
            await until(lambda: not engine.health().ok)
            server.listen()
            await until(lambda: len(server.chats) == 2)


async def test_it_starts_and_stops_while_the_model_is_still_loading() -> None:
    with OllamaServer() as server:
        server.usual = answers.slow(LONG_SECONDS)
        limits = {"ollama_timeout": LONG_SECONDS, "ollama_warm_up": True}
        with anyio.fail_after(PATIENCE_SECONDS):
            async with ollama(server.url, **limits) as engine:
                assert engine.health().ok
                await until(lambda: bool(server.chats))


async def test_a_warm_up_that_fails_is_no_failure_of_the_server() -> None:
    with OllamaServer(answers.error(500, "broken")) as server:
        async with ollama(server.url, ollama_warm_up=True) as engine:
            await until(lambda: bool(server.chats))
            assert await ask(engine) == "Hello there."


async def test_it_waits_longer_for_the_first_token_than_between_two() -> None:
    limits = {"ollama_timeout": PATIENCE_SECONDS, "llm_token_gap_seconds": 1.0}
    with OllamaServer(answers.slow(1.5, "Late ", "but well.")) as server:
        async with ollama(server.url, **limits) as engine:
            assert await ask(engine) == "Late but well."
            server.usual = answers.stalls("Once ")
            with pytest.raises(LlmUnavailable, match="gave nothing for 1 s"):
                await ask(engine)


async def test_it_gives_up_a_connection_after_the_time_that_is_set() -> None:
    with address_that_hangs() as url:
        limits = {
            "ollama_retry_attempts": 0,
            "llm_connect_seconds": 0.3,
            "ollama_timeout": LONG_SECONDS,
        }
        with anyio.fail_after(PATIENCE_SECONDS):
            async with ollama(url, **limits) as engine:
                with pytest.raises(LlmUnavailable, match="did not accept a connection"):
                    await ask(engine)
