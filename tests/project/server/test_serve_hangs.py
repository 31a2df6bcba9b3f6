"""The real server while its workers hang: it reports and restarts them, and shuts down."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from common.audio import Audio, read_wav
from tests.clients import speak, transcribe_over_socket
from tests.project.server.speech_workers import all_workers, speech_worker
from tests.server_process import STEADY_SPEECH, RunningServer, running_server

pytestmark = [
    pytest.mark.server,
    pytest.mark.model,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGSTOP"),
]

GRACE_SECONDS = 3.0
MODELS: dict[str, Any] = {
    "whisper_model_name": "tiny.en",
    "llm_backend": "none",
    "offline": True,
    **STEADY_SPEECH,
    "worker_timeout_seconds": 12,
    "shutdown_grace_seconds": GRACE_SECONDS,
}
SENTENCE = "Please remember to water the plants in the kitchen."
RESTARTED_SECONDS = 120.0
GONE_SECONDS = 30.0
"""A killed process frees its memory first."""
END_SECONDS = GRACE_SECONDS + 12
"""Several times what a shutdown takes."""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(**MODELS) as running:
        yield running


async def spoken(server: RunningServer) -> Audio:
    answer = await speak(server.url, text=SENTENCE, llm=False, format="wav")
    assert answer.status == 200
    return read_wav(answer.body)


async def part(server: RunningServer, name: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.get(f"{server.url}/health")
    found: dict[str, Any] = answer.json()["parts"][name]
    return found


async def until_waiting(server: RunningServer, name: str) -> None:
    """Wait until a job has been with the part for more than a second."""
    end = time.monotonic() + RESTARTED_SECONDS
    while (found := await part(server, name))["oldest_job_seconds"] < 1:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.1)


async def until_unready(server: RunningServer, name: str) -> dict[str, Any]:
    """Wait until the part is down in `/health` and `/health/ready`; returns its health."""
    end = time.monotonic() + RESTARTED_SECONDS
    while (found := await part(server, name))["state"] != "down":
        assert time.monotonic() < end, found
        await asyncio.sleep(0.2)
    assert "has produced nothing for" in found["summary"]
    async with httpx.AsyncClient(timeout=10) as client:
        ready = await client.get(f"{server.url}/health/ready")
        metrics = await client.get(f"{server.url}/metrics")
    assert ready.status_code == 503
    gauge = f'voice_oldest_job_seconds{{engine="{name}"}} '
    (line,) = [each for each in metrics.text.splitlines() if each.startswith(gauge)]
    assert float(line.removeprefix(gauge)) > 1
    return found


async def test_an_utterance_is_transcribed_after_whisper_hung(
    server: RunningServer,
) -> None:
    audio = await spoken(server)
    before = await part(server, "whisper")
    os.kill(speech_worker(server, "whisper"), signal.SIGSTOP)
    asked = transcribe_over_socket(server.url, audio, real_time=False)
    hearing = asyncio.create_task(asked)
    await until_unready(server, "whisper")
    heard = await asyncio.wait_for(hearing, RESTARTED_SECONDS)
    assert "plants" in heard.text.lower()
    after = await part(server, "whisper")
    assert after["restarts"] == before["restarts"] + 1
    assert after["state"] == "ready"
    assert "worker hangs" in server.log


async def test_a_text_is_spoken_after_piper_hung(server: RunningServer) -> None:
    before = await part(server, "piper")
    os.kill(speech_worker(server, "piper"), signal.SIGSTOP)
    text = f"{SENTENCE} It is dry."  # not in the cache
    speaking = asyncio.create_task(speak(server.url, text=text, llm=False))
    await until_unready(server, "piper")
    answer = await asyncio.wait_for(speaking, RESTARTED_SECONDS)
    assert answer.status == 200
    assert len(answer.body) > 50_000
    after = await part(server, "piper")
    assert after["restarts"] == before["restarts"] + 1
    assert after["state"] == "ready"


def freeze_all(server: RunningServer) -> list[psutil.Process]:
    workers = [psutil.Process(pid) for pid in all_workers(server)]
    for worker in workers:
        worker.suspend()
    return workers


async def test_it_shuts_down_with_its_history_while_all_workers_hang(
    tmp_path: Path,
) -> None:
    models = {**MODELS, "llm_backend": "embedded", "worker_timeout_seconds": 300}
    with running_server(**models, data_dir=tmp_path) as server:
        audio = await spoken(server)
        frozen = freeze_all(server)
        assert len(frozen) == 3
        waiting = [
            asyncio.create_task(
                transcribe_over_socket(server.url, audio, real_time=False)
            ),
            asyncio.create_task(speak(server.url, text="Not heard.", llm=False)),
            asyncio.create_task(speak(server.url, text="Not answered.", llm=True)),
        ]
        for name in ("whisper", "piper"):
            await until_waiting(server, name)
        server.signal()
        began = time.monotonic()
        assert await asyncio.to_thread(server.wait, END_SECONDS) == 0
        assert time.monotonic() - began < END_SECONDS
        await asyncio.gather(*waiting, return_exceptions=True)
        assert "history lost" not in server.log
        _, left = psutil.wait_procs(frozen, timeout=GONE_SECONDS)
        assert left == []
    with closing(sqlite3.connect(tmp_path / "voice.sqlite3")) as database:
        said = database.execute("SELECT text_in, status FROM gateway_app_synthesis")
        assert dict(said.fetchall()) == {
            SENTENCE: "ok",
            "Not heard.": "error",
            "Not answered.": "error",
        }
        heard = database.execute("SELECT status FROM gateway_app_transcript")
        assert heard.fetchall() == [("error",)]


async def test_a_second_signal_ends_it_and_its_hung_workers_at_once(
    tmp_path: Path,
) -> None:
    models = {**MODELS, "shutdown_grace_seconds": 60}
    with running_server(**models, data_dir=tmp_path) as server:
        frozen = freeze_all(server)
        speaking = asyncio.create_task(speak(server.url, text="Not heard.", llm=False))
        await until_waiting(server, "piper")
        server.signal()
        await asyncio.to_thread(server.wait_for_log, "server stopping")
        assert server.process.poll() is None
        server.signal()
        code = await asyncio.to_thread(server.wait, END_SECONDS)
        assert code == 128 + signal.SIGTERM
        await asyncio.gather(speaking, return_exceptions=True)
        _, left = psutil.wait_procs(frozen, timeout=GONE_SECONDS)
        assert left == []
