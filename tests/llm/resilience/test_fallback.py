"""Which of the two engines answers, and when that changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

import anyio
import pytest

from common.errors import EngineFailed, LlmUnavailable
from common.metrics import REGISTRY
from common.remote.failures import CutOff, ServerBroke
from llm.engine import ReplyOptions
from llm.factory import build_llm
from llm.resilience.fallback import FallbackEngine
from llm.resilience.retries import RetryPolicy
from llm.servers.ollama import OllamaEngine
from tests.fakes import FakeLlm
from tests.llm.helpers import (
    LONG_SECONDS,
    PATIENCE_SECONDS,
    ask,
    ask_for_pieces,
    looked_at,
    quick,
    started,
)
from tests.servers import ollama as answers
from tests.servers.ollama import OllamaServer
from tests.waiting import until

FALLBACKS = ("voice_llm_fallbacks_total", {"backend": "ollama"})


class MissingLlm(FakeLlm):
    """An embedded model whose file is not there."""

    async def start(self) -> None:
        raise EngineFailed("The model file is missing.")


def auto(
    server: OllamaServer,
    embedded: FakeLlm | None = None,
    *,
    backoff_seconds: float = 0.01,
) -> FallbackEngine:
    config = quick(ollama_url=server.url)
    policy = RetryPolicy(2, backoff_seconds, on=(ServerBroke, CutOff))
    ollama = OllamaEngine(config, policy=policy)
    return FallbackEngine([ollama, embedded or FakeLlm(["Embedded."])])


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


async def test_it_takes_ollama_when_it_has_the_model(server: OllamaServer) -> None:
    async with started(auto(server)) as engine:
        assert (engine.backend, engine.model_name) == ("ollama", "llama3.2")
        assert await ask(engine) == "Hello there."
        assert server.url in engine.health().summary
        assert engine.health().details["ollama"] is True


async def test_it_takes_the_embedded_model_when_ollama_lacks_it(
    server: OllamaServer,
) -> None:
    server.models = ["other:latest"]
    async with started(auto(server)) as engine:
        assert engine.backend == "fake"
        assert await ask(engine) == "Embedded."
        health = engine.health()
        assert health.ok
        assert "ollama pull llama3.2" in health.summary
        assert health.details["ollama"] is True
    assert not server.chats


async def test_it_takes_the_embedded_model_when_nothing_listens(
    server: OllamaServer,
) -> None:
    server.vanish()
    async with started(auto(server)) as engine:
        assert await ask(engine) == "Embedded."
        assert engine.health().details["ollama"] is False


async def test_it_does_not_call_it_a_fault_that_there_is_no_ollama(
    server: OllamaServer,
) -> None:
    spare = FakeLlm(["Embedded."])
    ollama = OllamaEngine(quick(ollama_url=server.url))
    server.vanish()
    async with started(FallbackEngine([ollama, spare], advice="Add it.")) as engine:
        health = engine.health()
        assert health.summary == f"{spare.health().summary} Add it."
        assert "cannot be reached" in health.details["preferred"]


async def test_it_goes_over_to_ollama_when_it_comes_and_back_when_it_dies(
    server: OllamaServer,
) -> None:
    server.vanish()
    async with started(auto(server, backoff_seconds=LONG_SECONDS)) as engine:
        server.listen()
        await until(lambda: engine.backend == "ollama")
        assert await ask(engine) == "Hello there."
        server.vanish()
        with anyio.fail_after(PATIENCE_SECONDS):
            assert await ask(engine) == "Embedded."
        assert engine.backend == "fake"


async def test_it_lets_no_request_wait_for_a_look_at_ollama(
    server: OllamaServer,
) -> None:
    server.listing = answers.slow(LONG_SECONDS)
    async with started(auto(server)) as engine:
        await looked_at(server, 1)
        assert await ask(engine) == "Embedded."
        assert server.asked("/api/tags")[-1].left_at is None


async def test_it_asks_ollama_again_when_it_stumbles(server: OllamaServer) -> None:
    server.script = [answers.error(503, "loading")]
    async with started(auto(server)) as engine:
        assert await ask(engine) == "Hello there."


async def test_it_stands_in_when_ollama_keeps_failing(server: OllamaServer) -> None:
    server.usual = answers.error(500, "broken")
    async with started(auto(server)) as engine:
        before = REGISTRY.get_sample_value(*FALLBACKS) or 0
        assert await ask(engine) == "Embedded."
        assert len(server.chats) == 3
        assert REGISTRY.get_sample_value(*FALLBACKS) == before + 1


async def test_it_never_goes_on_with_another_model_in_mid_sentence(
    server: OllamaServer,
) -> None:
    server.usual = answers.cut_off("Once ")
    async with started(auto(server)) as engine:
        pieces: list[str] = []
        with pytest.raises(LlmUnavailable):
            await ask_for_pieces(engine, pieces)
        assert pieces == ["Once "]


async def test_it_leaves_ollama_alone_while_its_circuit_is_open(
    server: OllamaServer,
) -> None:
    server.usual = answers.error(500, "broken")
    config = quick(
        ollama_url=server.url,
        circuit_breaker_enabled=True,
        circuit_breaker_fail_max=1,
        ollama_retry_attempts=0,
    )
    engine = FallbackEngine([OllamaEngine(config), FakeLlm(["Embedded."])])
    async with started(engine):
        await ask(engine)
        await looked_at(server, 3)
        assert await ask(engine) == "Embedded."
    assert len(server.chats) == 1


async def test_it_asks_ollama_for_a_model_that_is_named(server: OllamaServer) -> None:
    server.models = ["qwen3:1b"]
    async with started(auto(server)) as engine:
        options = ReplyOptions(model="qwen3:1b")
        assert await ask(engine, options) == "Hello there."


async def test_it_serves_from_ollama_alone_and_says_that_nothing_stands_by(
    server: OllamaServer,
) -> None:
    async with started(auto(server, MissingLlm())) as engine:
        assert await ask(engine) == "Hello there."
        assert engine.health().state.value == "degraded"
        assert "model file is missing" in engine.health().summary
        server.vanish()
        with pytest.raises(LlmUnavailable, match="Ollama"):
            await ask(engine)


async def test_it_does_not_start_when_neither_can_answer(server: OllamaServer) -> None:
    server.vanish()
    with pytest.raises(EngineFailed, match=r"Ollama.*missing.*llm_backend: none"):
        await auto(server, MissingLlm()).start()


async def test_it_leaves_ollama_when_its_listener_leaves(server: OllamaServer) -> None:
    server.usual = answers.endless()
    async with started(auto(server)) as engine:
        async with aclosing(engine.reply([])) as pieces:
            await anext(pieces)
        await until(lambda: server.chats[0].left_at is not None)


def test_it_is_built_from_the_configuration_without_loading_anything() -> None:
    engine = build_llm(quick())
    assert not engine.health().ok
