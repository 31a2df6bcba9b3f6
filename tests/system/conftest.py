"""One real server with the smallest real models, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server_process import STEADY_SPEECH, RunningServer, free_port, running_server


@pytest.fixture(scope="package")
def server() -> Iterator[RunningServer]:
    with running_server(
        whisper_model_name="tiny.en",
        llm_backend="embedded",
        wyoming_port=free_port(),
        **STEADY_SPEECH,
    ) as running:
        yield running
