"""Every back end is found by its name, and others by their dotted path."""

from __future__ import annotations

import pytest

from common.config import Config, ConfigError, LlmEngineSettings, load_config
from common.engine import EngineOptions, PartState
from common.errors import BadValue, EngineFailed, LlmUnavailable
from llm.engine import ReplyOptions
from llm.factory import build_llm
from llm.servers.ollama_probe import ask_ollama
from tests.fakes import FakeLlm
from tests.llm.helpers import ask, quick, started
from tests.servers import ollama as answers, openai as openai_answers
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAiServer


class OwnLlm(FakeLlm):
    """What somebody else might write."""

    backend = "own"

    def __init__(self, config: LlmEngineSettings, options: EngineOptions) -> None:
        super().__init__([options.get("answer", "Own.")])
        self.config = config


class OldLlm(FakeLlm):
    """An engine that takes no options."""

    def __init__(self, config: LlmEngineSettings) -> None:
        super().__init__()


@pytest.mark.parametrize("name", ["ollama", "openai", "embedded", "none"])
def test_it_builds_each_back_end_by_its_name(name: str) -> None:
    assert build_llm(quick(llm_backend=name)).backend == name


def test_it_builds_the_choice_by_default() -> None:
    assert build_llm(load_config({}).config).backend == "embedded"


async def test_it_builds_an_engine_from_elsewhere() -> None:
    config = quick(llm_backend="tests.llm.test_factory:OwnLlm")
    async with started(build_llm(config)) as engine:
        assert engine.backend == "own"
        assert await ask(engine) == "Own."


def test_it_says_what_cannot_be_imported() -> None:
    with pytest.raises(EngineFailed, match="nowhere_at_all"):
        build_llm(quick(llm_backend="nowhere_at_all:Engine"))


def test_it_is_an_error_to_name_an_unknown_back_end() -> None:
    with pytest.raises(ConfigError, match=r"LLM_BACKEND.*must be auto, ollama"):
        load_config({"LLM_BACKEND": "olama"})


async def test_it_hands_options_to_the_engine_that_comes_from_elsewhere() -> None:
    with OllamaServer() as server:
        config = quick(
            llm_backend="tests.llm.test_factory:OwnLlm",
            llm_fallback=["ollama"],
            llm_options={"answer": "As told."},
            ollama_url=server.url,
        )
        async with started(build_llm(config)) as engine:
            assert await ask(engine) == "As told."


def test_it_gives_an_engine_its_section_of_the_configuration_only() -> None:
    engine = build_llm(quick(llm_backend="tests.llm.test_factory:OwnLlm"))
    assert isinstance(engine, OwnLlm)
    assert isinstance(engine.config, LlmEngineSettings)
    assert not isinstance(engine.config, Config)
    assert engine.config.llm_check_seconds == 0.05
    assert "api_keys" not in dict(engine.config)


@pytest.mark.parametrize("name", ["auto", "ollama", "embedded", "none"])
def test_it_refuses_options_that_nobody_takes(name: str) -> None:
    config = quick(llm_backend=name, llm_options={"speed": 3})
    with pytest.raises(EngineFailed, match=r"`llm_options` has `speed`, but .* takes"):
        build_llm(config)


def test_it_says_how_an_engine_from_elsewhere_is_called() -> None:
    config = quick(llm_backend="tests.llm.test_factory:OldLlm")
    with pytest.raises(EngineFailed, match="two arguments, `config` and `options`"):
        build_llm(config)


@pytest.mark.parametrize("answers_at", ["server", "nowhere", "nonsense"])
async def test_a_probe_tells_whether_ollama_answers(answers_at: str) -> None:
    with OllamaServer(models=[]) as server:
        if answers_at == "nowhere":
            server.vanish()
        url = "nonsense" if answers_at == "nonsense" else server.url
        health = await ask_ollama(quick(ollama_url=url))
    assert health.ok is (answers_at == "server")
    assert health.summary


async def test_a_probe_is_not_misled_by_something_else_that_answers() -> None:
    with OllamaServer() as server:
        server.listing = answers.html()
        assert not (await ask_ollama(quick(ollama_url=server.url))).ok


async def test_it_says_how_to_do_without_a_language_model() -> None:
    with OllamaServer() as server:
        config = quick(llm_backend="none", ollama_url=server.url)
        async with started(build_llm(config)) as engine:
            assert engine.health().state is PartState.DEGRADED
            with pytest.raises(LlmUnavailable, match='"llm": false'):
                await ask(engine)
        assert not server.chats


async def test_it_falls_back_in_the_order_that_is_set() -> None:
    with OllamaServer() as server, OpenAiServer() as other:
        config = quick(
            llm_backend="ollama",
            llm_fallback=["openai", "tests.llm.test_factory:OwnLlm"],
            ollama_url=server.url,
            openai_url=other.url,
            openai_model="m",
        )
        async with started(build_llm(config)) as engine:
            assert engine.health().details["order"] == ["ollama", "openai", "own"]
            assert "Standing by: openai, own." in engine.health().summary
            assert await ask(engine) == "Hello there."
            assert server.chats
            assert not other.chats
            server.vanish()
            assert await ask(engine) == "Hello there."
            assert len(other.chats) == 1
            assert engine.backend == "openai"
            other.vanish()
            assert await ask(engine) == "Own."
            assert engine.backend == "own"
            assert "cannot be reached" in engine.health().summary


async def test_it_has_no_fallback_unless_one_is_set() -> None:
    with OllamaServer() as server:
        server.vanish()
        config = quick(
            llm_backend="ollama", ollama_url=server.url, ollama_retry_attempts=0
        )
        async with started(build_llm(config)) as engine:
            with pytest.raises(LlmUnavailable, match=r"Ollama.*asked once"):
                await ask(engine)


async def test_it_says_of_each_what_was_tried_and_how_often() -> None:
    with OllamaServer() as server, OpenAiServer() as other:
        server.usual = answers.error(500, "out of memory")
        other.usual = openai_answers.error(503, "overloaded")
        config = quick(
            llm_backend="ollama",
            llm_fallback=["openai"],
            ollama_url=server.url,
            openai_url=other.url,
            openai_model="m",
            ollama_retry_attempts=1,
        )
        async with started(build_llm(config)) as engine:
            with pytest.raises(LlmUnavailable) as raised:
                await ask(engine)
    message = raised.value.message
    assert f"Ollama at {server.url} answered 500: out of memory." in message
    assert "overloaded" in message
    assert message.count("It was asked 2 times") == 2


async def test_a_model_that_nobody_has_is_a_bad_value() -> None:
    with OllamaServer() as server:
        config = quick(
            llm_backend="ollama",
            llm_fallback=["tests.llm.test_factory:OwnLlm"],
            ollama_url=server.url,
        )
        async with started(build_llm(config)) as engine:
            assert await ask(engine, ReplyOptions(model="llama3.2")) == "Hello there."
        config = config.model_copy(update={"llm_fallback": []})
        async with started(build_llm(config)) as engine:
            with pytest.raises(BadValue, match="no model `gpt-9`"):
                await ask(engine, ReplyOptions(model="gpt-9"))


@pytest.mark.parametrize("value", ["embeded", "auto", "none"])
def test_it_is_an_error_to_name_an_unknown_fallback(value: str) -> None:
    with pytest.raises(ConfigError, match=r"LLM_FALLBACK.*ollama, openai, embedded"):
        load_config({"LLM_FALLBACK": value})
