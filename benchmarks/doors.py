"""What the doors in other protocols add: first byte of speech, beside `/tts`.

Both are asked in turns for the same text in the same format, so whatever slows the
machine down then slows both. What counts is the difference within a pair.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import numpy as np

from benchmarks.flags import Flags
from benchmarks.report import milliseconds, table
from benchmarks.texts import text_of
from tests.server_process import running_server

WORDS = (10, 80)
FORMATS = ("pcm", "mp3")
PAIRS, QUICK_PAIRS, WARM_UP_PAIRS = 30, 8, 2
HEADER = ["format", "words", "`/tts`", "`/v1/audio/speech`", "difference"]
SERVER = {
    "whisper_model_name": "tiny.en",
    "llm_backend": "none",
    # A clause that comes from the cache would not be measured.
    "tts_cache_mb": 0,
}

Ask = Callable[[], Awaitable[float]]
"""Seconds to the first byte of the body."""


def run(flags: Flags) -> str:
    """Short and long texts, as PCM at 24 kHz and as MP3."""
    words = WORDS[:1] if flags.quick else WORDS
    pairs = QUICK_PAIRS if flags.quick else PAIRS
    with running_server(**SERVER) as server:
        rows = asyncio.run(_rows(server.url, words, pairs))
    title = "First byte of speech, median and p95; the difference of pairs, median"
    return table(title, HEADER, rows)


async def _rows(url: str, lengths: Sequence[int], pairs: int) -> list[list[str]]:
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        return [
            await _row(client, audio_format, words, pairs)
            for audio_format in FORMATS
            for words in lengths
        ]


async def _row(
    client: httpx.AsyncClient, audio_format: str, words: int, pairs: int
) -> list[str]:
    text = text_of(words)
    native, openai = await in_turns(
        _tts(client, text, audio_format), _openai(client, text, audio_format), pairs
    )
    pairs_ms = 1000 * (np.asarray(openai) - np.asarray(native))
    difference = f"{np.median(pairs_ms):+.1f} ms"
    figures = [milliseconds(native), milliseconds(openai), difference]
    return [audio_format, str(words), *figures]


async def in_turns(one: Ask, other: Ask, pairs: int) -> tuple[list[float], list[float]]:
    """The times of both; each goes first in every second pair."""
    ones, others = [], []
    for number in range(WARM_UP_PAIRS + pairs):
        if number % 2:
            second = await other()
            first = await one()
        else:
            first = await one()
            second = await other()
        if number >= WARM_UP_PAIRS:
            ones.append(first)
            others.append(second)
    return ones, others


def _tts(client: httpx.AsyncClient, text: str, audio_format: str) -> Ask:
    body = {"text": text, "llm": False, "format": audio_format}
    if audio_format == "pcm":
        body["sample_rate"] = 24_000
    return _asking(client, "/tts", body)


def _openai(client: httpx.AsyncClient, text: str, audio_format: str) -> Ask:
    body = {
        "model": "tts-1",
        "voice": "alloy",
        "input": text,
        "response_format": audio_format,
    }
    return _asking(client, "/v1/audio/speech", body)


def _asking(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Ask:
    async def ask() -> float:
        began, first = time.perf_counter(), 0.0
        async with client.stream("POST", path, json=body) as response:
            assert response.status_code == 200
            async for part in response.aiter_raw():
                if part and not first:
                    first = time.perf_counter() - began
        return first

    return ask
