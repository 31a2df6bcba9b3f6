"""Every engine keeps the contract: the fake, both HTTP kinds, and the embedded one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from llm.engine import LlmEngine
from llm.factory import build_llm
from llm.resilience.fallback import FallbackEngine
from llm.servers.ollama import OllamaEngine
from llm.servers.openai import OpenAiEngine
from tests.contracts.llm import LlmContract
from tests.fakes import FakeLlm
from tests.llm.helpers import quick, started
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAiServer

NOWHERE = "http://127.0.0.1:9"


class TestFakeLlm(LlmContract):
    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        return FakeLlm()

    @pytest.fixture
    async def llm(self) -> AsyncIterator[LlmEngine]:
        async with started(FakeLlm()) as engine:
            yield engine


class TestOllama(LlmContract):
    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        return OllamaEngine(quick(ollama_url=NOWHERE))

    @pytest.fixture
    async def llm(self) -> AsyncIterator[LlmEngine]:
        with OllamaServer() as server:
            config = quick(ollama_url=server.url)
            async with started(OllamaEngine(config)) as engine:
                yield engine


class TestOpenAi(LlmContract):
    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        return OpenAiEngine(quick(openai_url=NOWHERE, openai_model="m"))

    @pytest.fixture
    async def llm(self) -> AsyncIterator[LlmEngine]:
        with OpenAiServer() as server:
            config = quick(openai_url=f"{server.url}/v1", openai_model="m")
            async with started(OpenAiEngine(config)) as engine:
                yield engine


class TestFallbackOnOllama(LlmContract):
    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        return FallbackEngine([OllamaEngine(quick(ollama_url=NOWHERE)), FakeLlm()])

    @pytest.fixture
    async def llm(self) -> AsyncIterator[LlmEngine]:
        with OllamaServer() as server:
            ollama = OllamaEngine(quick(ollama_url=server.url))
            async with started(FallbackEngine([ollama, FakeLlm()])) as engine:
                yield engine


@pytest.mark.model
class TestEmbedded(LlmContract):
    @pytest.fixture
    def fresh_llm(self) -> LlmEngine:
        return build_llm(quick(llm_backend="embedded", ollama_url=NOWHERE))

    @pytest.fixture
    def llm(self, real_llm: LlmEngine) -> LlmEngine:
        return real_llm
