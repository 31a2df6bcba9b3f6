"""One real server process on fakes, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server_process import RunningServer, free_port, running_server

FAKES = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "none",
}


@pytest.fixture(scope="package")
def server() -> Iterator[RunningServer]:
    with running_server(wyoming_port=free_port(), **FAKES) as running:
        yield running
