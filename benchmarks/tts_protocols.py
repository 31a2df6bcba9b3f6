"""What the endpoints of other protocols add to the first byte of speech from `/tts`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import websockets
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from benchmarks.flags import Flags
from benchmarks.report import table
from benchmarks.texts import text_of
from benchmarks.turns import Ask, compared, in_turns
from tests.server_process import RunningServer, free_port, running_server

WORDS = (10, 40)
RATE_HZ = 24_000
TURNS, QUICK_TURNS = 20, 5
HEADER = ["endpoint", "format", "words", "first byte", "more than `/tts`"]
SERVER = {
    "whisper_model_name": "tiny.en",
    "llm_backend": "none",
    # A clause that comes from the cache would not be measured.
    "tts_cache_mb": 0,
}


def run(flags: Flags) -> str:
    """Short and long texts, as PCM and as MP3."""
    turns = QUICK_TURNS if flags.quick else TURNS
    with running_server(**SERVER, wyoming_port=free_port()) as server:
        rows = asyncio.run(_rows(server, turns))
    title = "First byte of speech, median and p95; the differences in a turn, median"
    return table(title, HEADER, rows)


async def _rows(server: RunningServer, turns: int) -> list[list[str]]:
    rows = []
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as client:
        for words in WORDS:
            text = text_of(words)
            ways = {
                **_over_http(client, text, "pcm"),
                "WS `/v1/speak`": _deepgram_socket(server, text),
                "Wyoming `synthesize`": _wyoming(server, text),
            }
            rows += await _measured(ways, turns, "pcm", words)
        ways = _over_http(client, text_of(WORDS[0]), "mp3")
        rows += await _measured(ways, turns, "mp3", WORDS[0])
    return rows


async def _measured(
    ways: dict[str, Ask], turns: int, audio_format: str, words: int
) -> list[list[str]]:
    rows = compared(await in_turns(ways, turns))
    return [[name, audio_format, str(words), *figures] for name, *figures in rows]


def _over_http(
    client: httpx.AsyncClient, text: str, audio_format: str
) -> dict[str, Ask]:
    native = {"text": text, "llm": False, "format": audio_format}
    encoding = f"encoding={audio_format}"
    if audio_format == "pcm":
        native["sample_rate"] = RATE_HZ
        encoding = f"encoding=linear16&container=none&sample_rate={RATE_HZ}"
    openai = {"model": "tts-1", "voice": "alloy", "input": text}
    openai["response_format"] = audio_format
    speak = f"/v1/speak?model=aura-2-thalia-en&{encoding}"
    return {
        "`/tts`": _posted(client, "/tts", native),
        "`/v1/audio/speech`": _posted(client, "/v1/audio/speech", openai),
        "`/v1/speak`": _posted(client, speak, {"text": text}),
    }


def _posted(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Ask:
    async def ask(_turn: int) -> float:
        first = _First()
        async with client.stream("POST", path, json=body) as response:
            assert response.status_code == 200, await response.aread()
            async for part in response.aiter_raw():
                first.saw(part)
        return first.seconds

    return ask


def _deepgram_socket(server: RunningServer, text: str) -> Ask:
    url = f"{server.ws_url}/v1/speak?encoding=linear16&sample_rate={RATE_HZ}"

    async def ask(_turn: int) -> float:
        async with websockets.connect(url, compression=None) as socket:
            await socket.recv()
            first = _First()
            await socket.send(json.dumps({"type": "Speak", "text": text}))
            await socket.send(json.dumps({"type": "Flush"}))
            while isinstance(message := await socket.recv(), bytes):
                first.saw(message)
        assert json.loads(message)["type"] == "Flushed", message
        return first.seconds

    return ask


def _wyoming(server: RunningServer, text: str) -> Ask:
    async def ask(_turn: int) -> float:
        async with AsyncTcpClient("127.0.0.1", server.wyoming_port) as client:
            first = _First()
            await client.write_event(Synthesize(text).event())
            while (event := await client.read_event()) is not None:
                if AudioChunk.is_type(event.type):
                    first.saw(event.payload)
                elif AudioStop.is_type(event.type):
                    break
        return first.seconds

    return ask


class _First:
    """How long the first bytes took to come; the clock starts with it."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began = clock()
        self._seconds: float | None = None

    def saw(self, part: bytes | None) -> None:
        if part and self._seconds is None:
            self._seconds = self._clock() - self._began

    @property
    def seconds(self) -> float:
        assert self._seconds is not None, "there was no audio"
        return self._seconds
