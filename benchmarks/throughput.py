"""Utterances a second for several callers at once, beside one model behind a lock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from faster_whisper import WhisperModel

from benchmarks.report import table
from common.audio import Samples, read_wav
from common.config import Config, load_config
from common.models.files import find_whisper
from common.workers import Priority, Urgency
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.whisper.engine import WhisperEngine
from tests.word_errors import recordings

MODELS = ("tiny.en", "base")
CALLERS = (1, 2, 4, 8)
EACH = 2
"""Utterances that every caller sends, one after the other."""
SHORTEST_SECONDS, LONGEST_SECONDS = 2.0, 8.0
REPEATS = 3
THREADS = 2


def run() -> str:
    """A table for each model: callers, ours with and without batches, and theirs."""
    clips = [
        read_wav(clip.path).samples
        for clip in recordings()
        if clip.language == "en"
        and clip.reference
        and SHORTEST_SECONDS <= clip.seconds <= LONGEST_SECONDS
    ]
    if not clips:
        return "throughput: left out, SPEECH_CORPUS names no folder of recordings.\n"
    return "\n".join(_table(name, clips) for name in MODELS)


def _table(name: str, clips: list[Samples]) -> str:
    """The three take turns, so that whatever else the machine does hits all alike."""
    config = load_config({}).config.model_copy(
        update={"whisper_model_name": name, "whisper_threads": THREADS}
    )
    plain = _PlainModel(config)
    single = config.model_copy(update={"whisper_batch_size": 1})
    rows = asyncio.run(_measure(plain, config, single, clips))
    title = f"Utterances a second, {name}, {THREADS} threads, median of {REPEATS}"
    header = ["callers", "plain behind a lock", "ours, batches off", "ours", "ratio"]
    return table(title, header, rows)


async def _measure(
    plain: _PlainModel, config: Config, single: Config, clips: list[Samples]
) -> list[list[str]]:
    ours, alone = WhisperEngine(config, config), WhisperEngine(single, single)
    await ours.start()
    await alone.start()
    rows = []
    try:
        for callers in CALLERS:
            rates = [
                [
                    await _rate(ask, clips, callers)
                    for ask in (plain.ask, _asker(alone), _asker(ours))
                ]
                for _ in range(REPEATS)
            ]
            theirs, one_by_one, batched = np.median(rates, axis=0)
            figures = (theirs, one_by_one, batched)
            rows.append(
                [
                    str(callers),
                    *(f"{rate:.1f}" for rate in figures),
                    f"{batched / theirs:.1f}",
                ]
            )
    finally:
        await ours.stop()
        await alone.stop()
    return rows


Ask = Callable[[Samples], Awaitable[object]]


def _asker(engine: WhisperEngine) -> Ask:
    async def ask(samples: Samples) -> object:
        return await engine.transcribe(
            TranscriptionRequest(samples, "en"), Urgency(Priority.FINAL)
        )

    return ask


async def _rate(ask: Ask, clips: list[Samples], callers: int) -> float:
    async def call(first: int) -> None:
        for turn in range(EACH):
            await ask(clips[(first + turn * callers) % len(clips)])

    began = time.perf_counter()
    await asyncio.gather(*map(call, range(callers)))
    return callers * EACH / (time.perf_counter() - began)


class _PlainModel:
    """What one would write in an afternoon: the bare library, one call at a time."""

    def __init__(self, config: Config) -> None:
        folder = find_whisper(config.whisper_model_name, config)
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS
        )
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(max(CALLERS))

    async def ask(self, samples: Samples) -> object:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._transcribe, samples)

    def _transcribe(self, samples: Samples) -> str:
        with self._lock:
            segments, _ = self._model.transcribe(
                samples, language="en", beam_size=1, condition_on_previous_text=False
            )
            return "".join(segment.text for segment in segments)
