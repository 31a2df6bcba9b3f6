"""Time to the first audio byte of `/tts`, beside Piper's own server and library."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import numpy as np
from piper import PiperVoice

from benchmarks.piper_http import piper_http_server
from benchmarks.report import milliseconds, table
from benchmarks.texts import text_of
from common.config import load_config
from common.models.files import find_voices
from tests.clients import speak
from tests.server_process import running_server
from tts_app.core.text.clauses import SpeechText

SHORT, LONG, VERY_LONG = 10, 80, 1_000
REPEATS = {SHORT: 15, LONG: 7, VERY_LONG: 1}
AT_ONCE = (1, 4)
HEADER = ["path", "words", "at once", "first audio", "whole answer"]
SERVER = {
    "whisper_model_name": "tiny.en",
    "tts_max_text_length": 20_000,
    "tts_request_timeout": 600,
    # A clause that comes from the cache would not be measured.
    "tts_cache_mb": 0,
}

Times = tuple[float, float]
"""Seconds to the first bytes, and to the end."""
Ask = Callable[[httpx.AsyncClient], Awaitable[Times]]


def run() -> str:
    """Short and long texts, spoken as given."""
    with running_server(llm_backend="none", **SERVER) as server:
        rows = _ours(server.url, SHORT, LONG)
    return _table("Time to first audio", rows + _piper(SHORT, LONG))


def run_long() -> str:
    """The same for 1,000 words, which takes some minutes."""
    with running_server(llm_backend="none", **SERVER) as server:
        rows = _ours(server.url, VERY_LONG)
    return _table("Time to first audio, very long text", rows + _piper(VERY_LONG))


def _ours(url: str, *lengths: int) -> list[list[str]]:
    """One at a time in turn with the library in this process; then several at once."""
    rows = []
    for words in lengths:
        ask = _ask_ours(url, text_of(words))
        rows += asyncio.run(_in_turn(ask, words))
        for at_once in AT_ONCE[1:]:
            times = asyncio.run(_repeat(ask, REPEATS[words], at_once))
            rows.append(_row("`/tts`", words, at_once, times))
    return rows


async def _in_turn(ask: Ask, words: int) -> list[list[str]]:
    """Whatever slows the machine down then slows all of them."""
    files = find_voices(load_config({}).config)[0]
    voice = PiperVoice.load(str(files.onnx), str(files.config))
    text, speech = text_of(words), SpeechText("en")
    clause = [*speech.push(text), *speech.finish()][0]
    ours, alone, whole = [], [], []
    async with httpx.AsyncClient(timeout=600) as client:
        await asyncio.to_thread(_synthesize, voice, clause)
        if words < VERY_LONG:
            await ask(client)
        for _ in range(REPEATS[words]):
            ours.append(await ask(client))
            for _ in range(2 if words < VERY_LONG else 7):
                alone.append(await asyncio.to_thread(_synthesize, voice, clause))
            whole.append(await asyncio.to_thread(_synthesize, voice, text))
    ratio = np.median([each[0] for each in ours]) / np.median([t[0] for t in alone])
    name = f"direct, its first clause alone ({len(clause.split())} words)"
    return [
        _row(f"`/tts` ({ratio:.2f} times the first clause alone)", words, 1, ours),
        _row(name, words, 1, alone),
        _row("direct `PiperVoice.synthesize`", words, 1, whole),
    ]


def _piper(*lengths: int) -> list[list[str]]:
    """Piper's own server with the same voice."""
    rows: list[list[str]] = []
    with piper_http_server(find_voices(load_config({}).config)[0]) as url:
        if url is None:
            return rows
        for words in lengths:
            for at_once in AT_ONCE:
                ask = _ask_piper(url, text_of(words))
                times = asyncio.run(_repeat(ask, REPEATS[words], at_once))
                rows.append(_row("`piper.http_server`", words, at_once, times))
    return rows


def _synthesize(voice: Any, text: str) -> Times:
    began = time.perf_counter()
    chunks = iter(voice.synthesize(text))
    next(chunks)
    first = time.perf_counter() - began
    for _chunk in chunks:
        pass
    return first, time.perf_counter() - began


def _ask_ours(url: str, text: str) -> Ask:
    async def ask(client: httpx.AsyncClient) -> Times:
        answer = await speak(url, client, text=text, llm=False, format="pcm")
        assert answer.status == 200, answer.body
        return answer.first_byte_seconds, answer.total_seconds

    return ask


def _ask_piper(url: str, text: str) -> Ask:
    async def ask(client: httpx.AsyncClient) -> Times:
        began, first = time.perf_counter(), 0.0
        body = {"text": text}
        async with client.stream("POST", f"{url}/synthesize", json=body) as response:
            assert response.status_code == 200
            async for part in response.aiter_raw():
                if part and not first:
                    first = time.perf_counter() - began
        return first, time.perf_counter() - began

    return ask


async def _repeat(ask: Ask, repeats: int, at_once: int) -> list[Times]:
    """The times of every request; the first one of a short text is not counted."""
    async with httpx.AsyncClient(timeout=600) as client:
        if repeats > 1:
            await ask(client)
        rounds = [
            await asyncio.gather(*(ask(client) for _ in range(at_once)))
            for _ in range(repeats)
        ]
    return [times for each in rounds for times in each]


def _row(path: str, words: int, at_once: int, times: list[Times]) -> list[str]:
    first, total = zip(*times, strict=True)
    figures = [milliseconds(first), milliseconds(total)]
    return [path, str(words), str(at_once), *figures]


def _table(title: str, rows: list[list[str]]) -> str:
    return table(f"{title}, medians and p95", HEADER, rows)
