"""The `http` engines through the loopback, beside the same engines in this process.

In turns, so that whatever slows the machine down slows both.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.report import milliseconds, table
from common.audio import SPEECH_RATE_HZ, Audio
from common.config import load_config
from common.workers import Priority, Urgency
from stt_app.core.engine import SttEngine, TranscriptionRequest
from stt_app.core.remote.engine import RemoteStt
from stt_app.core.whisper.engine import WhisperEngine
from tests.server_process import running_server
from tts_app.core.engine import SynthesisRequest, TtsEngine
from tts_app.core.piper.engine import PiperEngine
from tts_app.core.remote.engine import RemoteTts

REPEATS = 15
SENTENCE = "The train to the coast leaves at seven in the morning from platform two."
SETTINGS = {
    "whisper_model_name": "tiny.en",
    # A clause that comes from the cache would not be measured.
    "tts_cache_mb": 0,
}
Measure = Callable[[], Awaitable[float]]


def run() -> str:
    """The latency of a text, and of the first audio of a clause."""
    with running_server(llm_backend="none", **SETTINGS) as server:
        return asyncio.run(_tables(server.url))


async def _tables(url: str) -> str:
    config = load_config({}).config.model_copy(update=SETTINGS)
    box = {"url": url}
    local = WhisperEngine(config, config), PiperEngine(config)
    remote = RemoteStt(config, box), RemoteTts(config, box)
    async with _started(*local) as here, _started(*remote) as there:
        utterance = await _utterance(here[1])
        texts = await _in_turn(
            *(_text(engines[0], utterance) for engines in (here, there))
        )
        audio = await _in_turn(*(_first_audio(engines[1]) for engines in (here, there)))
    seconds = f"{utterance.seconds:.1f} s of speech"
    rows = [
        *_rows(f"text of {seconds}", *texts),
        *_rows(f"first audio of {len(SENTENCE.split())} words", *audio),
    ]
    header = ["what", "where", "median / p95", "lowest", "added (median)"]
    return table("Engines over HTTP", header, rows)


@contextlib.asynccontextmanager
async def _started(
    stt: SttEngine, tts: TtsEngine
) -> AsyncIterator[tuple[SttEngine, TtsEngine]]:
    engines = stt, tts
    await asyncio.gather(*(engine.start() for engine in engines))
    try:
        yield engines
    finally:
        await asyncio.gather(*(engine.stop() for engine in engines))


async def _utterance(tts: TtsEngine) -> TranscriptionRequest:
    urgency = Urgency(Priority.LATER_CLAUSE)
    parts = [part async for part in tts.synthesize(SynthesisRequest(SENTENCE), urgency)]
    samples = np.concatenate([part.samples for part in parts])
    audio = Audio(samples, parts[0].rate_hz).resampled(SPEECH_RATE_HZ)
    return TranscriptionRequest(audio.samples, "en")


def _text(stt: SttEngine, utterance: TranscriptionRequest) -> Measure:
    async def measure() -> float:
        began = time.perf_counter()
        found = await stt.transcribe(utterance, Urgency(Priority.FINAL))
        assert found.text
        return time.perf_counter() - began

    return measure


def _first_audio(tts: TtsEngine) -> Measure:
    async def measure() -> float:
        began = time.perf_counter()
        urgency = Urgency(Priority.FIRST_CLAUSE)
        parts: Any = tts.synthesize(SynthesisRequest(SENTENCE), urgency)
        async with contextlib.aclosing(parts):
            await anext(parts)
            first_seconds = time.perf_counter() - began
            async for _part in parts:
                pass
        return first_seconds

    return measure


async def _in_turn(*measures: Measure) -> list[list[float]]:
    """The times of each; the first of them are not counted."""
    rounds = [
        [await measure() for measure in measures] for _number in range(REPEATS + 1)
    ]
    return [list(times) for times in zip(*rounds[1:], strict=True)]


def _rows(what: str, here: Sequence[float], there: Sequence[float]) -> list[list[str]]:
    added_ms = 1000 * float(np.median(np.subtract(there, here)))
    return [
        [what, "in this process", *_times(here), ""],
        [what, "`http` to a server here", *_times(there), f"{added_ms:.0f} ms"],
    ]


def _times(seconds: Sequence[float]) -> tuple[str, str]:
    """On a busy machine the lowest one says more than the median."""
    return milliseconds(seconds), f"{1000 * min(seconds):.0f} ms"
