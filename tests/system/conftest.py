"""One real server with the smallest real models, for all tests of this folder.

Without its noise Piper says a sentence the same way every time. With it, one sentence in
a few dozen comes out so that the smallest Whisper mishears a quarter of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server_process import RunningServer, free_port, running_server


@pytest.fixture(scope="package")
def server() -> Iterator[RunningServer]:
    with running_server(
        whisper_model_name="tiny.en",
        llm_backend="embedded",
        wyoming_port=free_port(),
        piper_noise_scale=0,
        piper_noise_w=0,
    ) as running:
        yield running
