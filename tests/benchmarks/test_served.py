"""What the programs read from a running server."""

from __future__ import annotations

import time

import pytest

from benchmarks.memory import PARTS, steady_mb
from benchmarks.metrics import loop_delay_p99, scrape
from common.audio import SPEECH_RATE_HZ, Audio
from gateway_app.monitor.loop_watch import PERIOD_SECONDS
from tests.clients import transcribe_over_socket
from tests.server_process import running_server
from tests.stt.sounds import sound

pytestmark = pytest.mark.server

FAKES = {
    "stt_engine": "tests.project.fake_engines:Stt",
    "tts_engine": "tests.project.fake_engines:Tts",
    "llm_backend": "none",
}


async def test_it_reads_memory_and_the_loops_delay_while_somebody_listens() -> None:
    with running_server(**FAKES) as server:
        began = time.perf_counter()
        before = scrape(server.url)
        heard = await transcribe_over_socket(
            server.url,
            Audio(sound(-2), SPEECH_RATE_HZ),
            real_time=True,
            interim_results=True,
            silence_max_seconds=0.3,
        )
        after = scrape(server.url)
        took_seconds = time.perf_counter() - began
        memory = steady_mb(server.pid)
    assert heard.close_code == 1000
    assert heard.arrived_seconds[-1] >= 2.0
    measured = after[float("inf")] - before[float("inf")]
    assert 5 <= measured <= took_seconds / PERIOD_SECONDS + 1
    assert 0 < loop_delay_p99(before, after) < 5
    assert list(memory) == list(PARTS)
    assert memory["server"] > 20
