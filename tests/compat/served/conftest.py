"""One real server process on fakes, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server_process import RunningServer, free_port, running_server
from tests.servers.openai import OpenAiServer

FAKES = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "openai",
    "openai_model": "m",
}


@pytest.fixture(scope="package")
def language_model() -> Iterator[OpenAiServer]:
    """The server's language model, whose answers a test may choose."""
    with OpenAiServer() as server:
        yield server


@pytest.fixture(scope="package")
def server(language_model: OpenAiServer) -> Iterator[RunningServer]:
    url = f"{language_model.url}/v1"
    with running_server(wyoming_port=free_port(), openai_url=url, **FAKES) as running:
        yield running
