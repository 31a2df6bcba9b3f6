"""The real server with real models: ended, flooded and wounded while it works."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import websockets

from common.audio import SPEECH_RATE_HZ, Audio, float_to_pcm16, read_wav
from tests.clients import speak, transcribe_over_socket
from tests.project.server.speech_workers import speech_worker
from tests.server_process import STEADY_SPEECH, RunningServer, running_server

pytestmark = [pytest.mark.server, pytest.mark.model, pytest.mark.timeout(400)]

MODELS: dict[str, Any] = {
    "whisper_model_name": "tiny.en",
    "llm_backend": "embedded",
    "offline": True,
    **STEADY_SPEECH,
}
SENTENCE = "Please remember to water the plants in the kitchen."
FLOOD_BYTES = 100_000_000
MOST_GROWTH_MB = 20.0
FLOOD_SECONDS = 6.0
GREEDY_ADDRESS = "127.0.0.2"
STARVED_SECONDS = 15.0
"""Without turns and bounds, others waited for minutes; with them, a second or two."""
RECOVER_SECONDS = 60.0
PARTS = {"whisper": "Whisper", "piper": "Piper"}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(**MODELS) as running:
        yield running


async def spoken(server: RunningServer) -> Audio:
    answer = await speak(server.url, text=SENTENCE, llm=False, format="wav")
    assert answer.status == 200
    return read_wav(answer.body)


def health(server: RunningServer) -> dict[str, Any]:
    body: dict[str, Any] = httpx.get(f"{server.url}/health", timeout=10).json()
    return body


async def test_it_stays_small_when_a_session_is_flooded(server: RunningServer) -> None:
    async with websockets.connect(f"{server.ws_url}/ws/stt") as socket:
        await socket.recv()
        noise = np.random.default_rng(0).standard_normal(30_000) * 0.3
        frame = float_to_pcm16(noise.astype(np.float32))
        before = server.memory_mb
        largest, sent = before, 0
        end = time.monotonic() + 8
        try:
            while sent < FLOOD_BYTES and time.monotonic() < end:
                await asyncio.wait_for(socket.send(frame), 5)
                sent += len(frame)
                largest = max(largest, server.memory_mb)
        except (TimeoutError, websockets.ConnectionClosed):
            pass
    assert largest - before < MOST_GROWTH_MB
    assert health(server)["status"] == "ok"


async def _flood(server: RunningServer, pcm: bytes) -> None:
    """Speech as fast as the server takes it, from another address; then gone."""
    with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
        async with (
            asyncio.timeout(FLOOD_SECONDS),
            websockets.connect(
                f"{server.ws_url}/ws/stt",
                local_addr=(GREEDY_ADDRESS, 0),
                compression=None,
            ) as socket,
        ):
            await socket.recv()
            while True:
                await socket.send(pcm)


async def test_a_flood_of_speech_starves_no_other_address(
    server: RunningServer,
) -> None:
    audio = await spoken(server)

    async def late() -> float:
        """From the last word to its transcript."""
        heard = await transcribe_over_socket(
            server.url, audio, real_time=True, tail_seconds=1.0
        )
        assert "plants" in heard.text.lower()
        times = zip(heard.events, heard.arrived_seconds, strict=True)
        arrived = max(at for each, at in times if each["type"] == "transcript")
        return arrived - audio.seconds

    pcm = float_to_pcm16(audio.resampled(SPEECH_RATE_HZ).samples)
    floods = [asyncio.create_task(_flood(server, pcm)) for _ in range(6)]
    await asyncio.sleep(2)
    during = await late()
    await asyncio.gather(*floods)
    # Their last words are still owed to the history; nobody waits for those.
    after = await late()
    assert max(during, after) < STARVED_SECONDS, (during, after)


@pytest.mark.parametrize("part", ["whisper", "piper", "llm"])
async def test_it_survives_the_death_of_a_worker(
    server: RunningServer, part: str
) -> None:
    before = health(server)["parts"][part]
    assert before["state"] == "ready"
    os.kill(_worker_pid(server, part, before), signal.SIGKILL)
    await _until(server, part, lambda now: now["restarts"] > before["restarts"])
    await _until(server, part, lambda now: now["state"] == "ready")
    audio = await spoken(server)
    heard = await transcribe_over_socket(server.url, audio, real_time=False)
    assert "plants" in heard.text.lower()
    answer = await speak(
        server.url, text="Say hello.", format="wav", temperature=0, seed=7
    )
    assert answer.status == 200


def _worker_pid(server: RunningServer, part: str, facts: dict[str, Any]) -> int:
    return int(facts["pid"]) if part == "llm" else speech_worker(server, part)


async def _until(server: RunningServer, part: str, reached: Any) -> None:
    end = time.monotonic() + RECOVER_SECONDS
    while not reached(now := health(server)["parts"][part]):
        assert time.monotonic() < end, now
        await asyncio.sleep(0.2)


async def test_it_sends_the_final_of_an_utterance_when_it_is_told_to_stop() -> None:
    with running_server(**{**MODELS, "llm_backend": "none"}) as server:
        audio = (await spoken(server)).resampled(SPEECH_RATE_HZ)
        events = []
        async with websockets.connect(f"{server.ws_url}/ws/stt") as socket:
            await socket.recv()
            pcm = float_to_pcm16(audio.samples)
            for start in range(0, len(pcm), 640):
                await socket.send(pcm[start : start + 640])
            # Answered once the server has read what came before.
            await (await socket.ping())
            await asyncio.sleep(0.5)
            server.signal()
            with pytest.raises(websockets.ConnectionClosedError):
                while True:
                    events.append(json.loads(await socket.recv()))
        assert socket.close_code == 4512
        assert events[-1]["type"] == "error"
        assert events[-1]["code"] == "restarting"
        texts = [e["text"] for e in events if e["type"] == "transcript"]
        assert "plants" in " ".join(texts).lower()
        assert server.wait() == 0
        assert "Traceback" not in server.log


def test_it_names_a_model_that_is_missing() -> None:
    with (
        pytest.raises(AssertionError) as ended,
        running_server(
            whisper_model_name="no-such-model", llm_backend="none", offline=True
        ),
    ):
        pass
    assert "no-such-model" in str(ended.value)
    assert "Traceback" not in str(ended.value)
