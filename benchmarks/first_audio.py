"""Time to the first audio byte of `/tts`, beside a direct Piper synthesis."""

from __future__ import annotations

import asyncio
import time

import httpx
from piper import PiperVoice

from benchmarks.report import milliseconds, table
from benchmarks.texts import text_of
from common.config import load_config
from common.model_files import find_voices
from tests.clients import speak
from tests.server_process import running_server

LENGTHS = (10, 80, 500)
REPEATS = 7
PROMPT = "Say hello in one short sentence."


def run() -> str:
    """First byte and total for three lengths of text, and with the embedded model."""
    rows = []
    with running_server(llm_backend="embedded", whisper_model_name="tiny.en") as server:
        for words in LENGTHS:
            rows.append(asyncio.run(_ours(server.url, text_of(words), words)))
        rows.append(asyncio.run(_answered(server.url)))
    rows += _direct()
    return table(
        f"Time to first audio, medians and p95 of {REPEATS}",
        ["path", "first audio", "whole answer"],
        rows,
    )


async def _repeat(url: str, **request: object) -> list[str]:
    async with httpx.AsyncClient(timeout=120) as client:
        await speak(url, client, **request)
        answers = [await speak(url, client, **request) for _ in range(REPEATS)]
    first = milliseconds([answer.first_byte_seconds for answer in answers])
    return [first, milliseconds([answer.total_seconds for answer in answers])]


async def _ours(url: str, text: str, words: int) -> list[str]:
    figures = await _repeat(url, text=text, llm=False, format="pcm")
    return [f"`/tts`, {words} words as given", *figures]


async def _answered(url: str) -> list[str]:
    figures = await _repeat(url, text=PROMPT, llm=True, format="pcm")
    return ["`/tts`, answered by the embedded model", *figures]


def _direct() -> list[list[str]]:
    files = find_voices(load_config({}).config)[0]
    voice = PiperVoice.load(str(files.onnx), str(files.config))
    return [_direct_row(voice, words) for words in LENGTHS]


def _direct_row(voice: PiperVoice, words: int) -> list[str]:
    text = text_of(words)
    first, total = [], []
    for _ in range(REPEATS):
        began = time.perf_counter()
        chunks = iter(voice.synthesize(text))
        next(chunks)
        first.append(time.perf_counter() - began)
        for _chunk in chunks:
            pass
        total.append(time.perf_counter() - began)
    name = f"direct `PiperVoice.synthesize`, {words} words"
    return [name, milliseconds(first), milliseconds(total)]
