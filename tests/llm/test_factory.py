"""Every back end is found by its name, and others by their dotted path."""

from __future__ import annotations

import pytest

from common.config import ConfigError, load_config
from common.engine import PartState
from common.errors import EngineFailed, LlmUnavailable
from tests.fakes import FakeLlm
from tests.llm.helpers import ask, quick, started
from tests.servers.ollama import OllamaServer
from tts_app.core.llm.factory import build_llm


class OwnLlm(FakeLlm):
    """What somebody else might write."""

    backend = "own"

    def __init__(self, config: object) -> None:
        super().__init__(["Own."])


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


async def test_it_tells_whether_ollama_answers_whoever_serves() -> None:
    with OllamaServer() as server:
        config = quick(llm_backend="none", ollama_url=server.url)
        async with started(build_llm(config)) as engine:
            assert engine.health().details["ollama"] is True
    assert engine.health().details["ollama"] is False


async def test_it_does_not_mind_a_wrong_ollama_address_when_it_is_not_used() -> None:
    config = quick(llm_backend="none", ollama_url="nonsense")
    async with started(build_llm(config)) as engine:
        assert engine.health().details["ollama"] is False


async def test_it_says_how_to_do_without_a_language_model() -> None:
    with OllamaServer() as server:
        config = quick(llm_backend="none", ollama_url=server.url)
        async with started(build_llm(config)) as engine:
            assert engine.health().state is PartState.DEGRADED
            with pytest.raises(LlmUnavailable, match='"llm": false'):
                await ask(engine)
        assert not server.chats
