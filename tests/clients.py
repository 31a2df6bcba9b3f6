"""Small clients of the running server, as a person would write them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
import websockets

from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Audio, float_to_pcm16

CHUNK_MS = 20


@dataclass
class Heard:
    """What a transcription socket said, and when, in seconds from the audio's start."""

    events: list[dict[str, Any]] = field(default_factory=list)
    arrived_seconds: list[float] = field(default_factory=list)
    close_code: int | None = None

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def text(self) -> str:
        return " ".join(event["text"] for event in self.of("transcript")).strip()


async def transcribe_over_socket(
    url: str,
    audio: Audio,
    *,
    real_time: bool,
    tail_seconds: float = 0.0,
    chunk_ms: int = CHUNK_MS,
    **options: Any,
) -> Heard:
    """Send the audio (and silence after it) to `/ws/stt`, close, collect the answers.

    `options` go into the address. In real time a chunk is sent when its last
    sample would have been spoken, so times of arrival can be compared with
    times in the audio.
    """
    speech = audio.resampled(SPEECH_RATE_HZ).samples
    silence = np.zeros(int(tail_seconds * SPEECH_RATE_HZ), np.float32)
    pcm = float_to_pcm16(np.concatenate([speech, silence]))
    heard = Heard()
    async with websockets.connect(
        _address(url, options), open_timeout=30, compression=None
    ) as socket:
        heard.events.append(json.loads(await socket.recv()))
        heard.arrived_seconds.append(0.0)
        began = time.perf_counter()
        send = _send_in_real_time if real_time else _send
        sender = asyncio.create_task(send(socket, pcm, chunk_ms))
        try:
            async for message in socket:
                heard.events.append(json.loads(message))
                heard.arrived_seconds.append(time.perf_counter() - began)
            await sender
        finally:
            sender.cancel()
    heard.close_code = socket.close_code
    return heard


def _address(url: str, options: dict[str, Any]) -> str:
    texts = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in options.items()
    }
    query = f"?{urlencode(texts)}" if texts else ""
    return url.replace("http", "ws", 1) + "/ws/stt" + query


def _chunks(pcm: bytes, chunk_ms: int) -> Iterator[bytes]:
    step = SPEECH_RATE_HZ * chunk_ms // 1000 * PCM16_BYTES
    for start in range(0, len(pcm), step):
        yield pcm[start : start + step]


async def _send(socket: Any, pcm: bytes, chunk_ms: int) -> None:
    for chunk in _chunks(pcm, chunk_ms):
        await socket.send(chunk)
    await socket.send(json.dumps({"type": "close"}))


async def _send_in_real_time(socket: Any, pcm: bytes, chunk_ms: int) -> None:
    due = time.perf_counter()
    for chunk in _chunks(pcm, chunk_ms):
        due += chunk_ms / 1000
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await socket.send(chunk)
    await socket.send(json.dumps({"type": "close"}))


@dataclass
class Spoken:
    """An answer of `/tts`: its bytes, headers, and the time of its first byte."""

    status: int
    headers: httpx.Headers
    body: bytes
    first_byte_seconds: float
    total_seconds: float


async def speak(
    url: str, client: httpx.AsyncClient | None = None, **request: Any
) -> Spoken:
    """`POST /tts` with the given body."""
    if client is None:
        async with httpx.AsyncClient(timeout=120) as own:
            return await speak(url, own, **request)
    began = time.perf_counter()
    first = 0.0
    body = bytearray()
    async with client.stream("POST", f"{url}/tts", json=request) as response:
        async for part in _parts(response):
            first = first or time.perf_counter() - began
            body += part
    total = time.perf_counter() - began
    return Spoken(response.status_code, response.headers, bytes(body), first, total)


async def _parts(response: httpx.Response) -> AsyncIterator[bytes]:
    async for part in response.aiter_raw():
        if part:
            yield part
