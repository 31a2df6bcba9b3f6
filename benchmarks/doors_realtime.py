"""What `/v1/realtime` adds to `/ws/stt`: from the end of speech to the transcript.

Each recording is played to both in turn, in real time, with the same silence and with
interim results. What counts is the difference within a pair.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np
import websockets

from benchmarks.corpus import LEFT_OUT, audio_of, short_english
from benchmarks.flags import Flags
from benchmarks.labels import acoustic_bounds
from benchmarks.report import milliseconds, table
from common.audio import PCM16_BYTES, Audio, float_to_pcm16
from tests.clients import transcribe_over_socket
from tests.server_process import running_server
from tests.word_errors import Recording

SILENCE_SECONDS = 0.7
TAIL_SECONDS = SILENCE_SECONDS + 1.0
RATE_HZ = 24_000
CHUNK_SECONDS = 0.02
COMPLETED = "conversation.item.input_audio_transcription.completed"

Play = Callable[[str, Audio], Awaitable[float]]
"""Seconds from the beginning of the audio to its last transcript."""


def run(flags: Flags) -> str:
    """One row for each model."""
    clips = short_english(flags, "clean")
    if not clips:
        return LEFT_OUT.format(name="doors_realtime")
    rows = [_row(model, clips) for model in flags.models]
    title = "From the end of speech to the transcript, median and p95"
    header = ["model", "`/ws/stt`", "`/v1/realtime`", "difference of pairs, median"]
    return table(title, header, rows)


def _row(model: str, clips: Sequence[Recording]) -> list[str]:
    with running_server(whisper_model_name=model, llm_backend="none") as server:
        # The first answer is not counted.
        native, realtime = asyncio.run(_delays(server.url, [clips[0], *clips]))
    difference = np.median(np.asarray(realtime[1:]) - np.asarray(native[1:]))
    return [
        model,
        milliseconds(native[1:]),
        milliseconds(realtime[1:]),
        f"{1000 * float(difference):+.0f} ms",
    ]


async def _delays(
    url: str, clips: Sequence[Recording]
) -> tuple[list[float], list[float]]:
    delays: tuple[list[float], list[float]] = ([], [])
    for number, clip in enumerate(clips):
        audio = audio_of(clip)
        spoken_until = acoustic_bounds(audio.samples).end_seconds
        doors: list[Play] = [play_native, play_realtime]
        for door in (0, 1) if number % 2 else (1, 0):
            delays[door].append(await doors[door](url, audio) - spoken_until)
    return delays


async def play_native(url: str, audio: Audio) -> float:
    """Through `/ws/stt`."""
    heard = await transcribe_over_socket(
        url,
        audio,
        real_time=True,
        tail_seconds=TAIL_SECONDS,
        language="en",
        silence_max_seconds=SILENCE_SECONDS,
        interim_results=True,
    )
    times = zip(heard.events, heard.arrived_seconds, strict=True)
    return max(at for event, at in times if event.get("text"))


async def play_realtime(url: str, audio: Audio) -> float:
    """Through `/v1/realtime`."""
    address = url.replace("http", "ws", 1) + "/v1/realtime?intent=transcription"
    async with websockets.connect(address, compression=None) as socket:
        await socket.send(json.dumps(_update()))
        while json.loads(await socket.recv())["type"] != "session.updated":
            pass
        began = time.perf_counter()
        reader = asyncio.create_task(_last_transcript(socket, began))
        await _send(socket, audio)
        reader.cancel()
        return await reader


def _update() -> dict[str, Any]:
    turns = {
        "type": "server_vad",
        "silence_duration_ms": round(SILENCE_SECONDS * 1000),
    }
    given = {"transcription": {"language": "en"}, "turn_detection": turns}
    session = {"type": "transcription", "audio": {"input": given}}
    return {"type": "session.update", "session": session}


async def _last_transcript(socket: Any, began: float) -> float:
    """When the last transcript came, once cancelled."""
    latest = 0.0
    try:
        async for message in socket:
            event = json.loads(message)
            if event["type"] == COMPLETED and event["transcript"]:
                latest = time.perf_counter() - began
    except asyncio.CancelledError:
        pass
    return latest


async def _send(socket: Any, audio: Audio) -> None:
    """In real time, with silence after it."""
    speech = audio.resampled(RATE_HZ).samples
    silence = np.zeros(int(TAIL_SECONDS * RATE_HZ), np.float32)
    pcm = float_to_pcm16(np.concatenate([speech, silence]))
    step = int(CHUNK_SECONDS * RATE_HZ) * PCM16_BYTES
    due = time.perf_counter()
    for start in range(0, len(pcm), step):
        due += CHUNK_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        encoded = base64.b64encode(pcm[start : start + step]).decode()
        event = {"type": "input_audio_buffer.append", "audio": encoded}
        await socket.send(json.dumps(event))
