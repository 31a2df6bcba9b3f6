"""Word error rate of Piper's speech as Whisper hears it: streamed by `/tts` in every
format, beside the whole text in one piece by the bare library."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import av
import httpx
import numpy as np
from faster_whisper import WhisperModel
from piper import PiperVoice

from benchmarks.report import table
from benchmarks.sentences import SENTENCES
from common.audio import SPEECH_RATE_HZ, Audio, Samples, pcm16_to_float
from common.config import load_config
from common.models.files import find_voices, find_whisper
from tests.clients import speak
from tests.server_process import running_server
from tests.word_errors import word_error_rate

MODEL = "base"
TOGETHER = 5
"""Sentences that are heard in one go: Whisper pays for 30 seconds in any case."""
LOSSY = ("mp3", "opus", "aac")
WHOLE = "whole text, direct `PiperVoice.synthesize`"
# All formats of `/tts` carry the same speech, which comes from the cache.
SERVER = {"whisper_model_name": "tiny.en", "llm_backend": "none", "tts_cache_mb": 500}


def run() -> str:
    """Synthesizes 100 sentences both ways, and lets Whisper base hear all of it."""
    spoken = {WHOLE: list(_whole())}
    with running_server(**SERVER) as server:
        for audio_format in ("wav", *LOSSY):
            clips = asyncio.run(_streamed(server.url, audio_format))
            spoken[f"`/tts`, streamed, {audio_format}"] = clips
    model = WhisperModel(
        str(find_whisper(MODEL, load_config({}).config)),
        device="cpu",
        compute_type="int8",
        cpu_threads=1,
        num_workers=2,
    )
    rates = {path: _rate(model, clips) for path, clips in spoken.items()}
    rows = [
        [path, f"{100 * rate:.2f} %", f"{100 * (rate - rates[WHOLE]):+.2f}"]
        for path, rate in rates.items()
    ]
    words = sum(len(sentence.split()) for sentence in SENTENCES)
    title = f"Heard back by Whisper {MODEL}, {len(SENTENCES)} sentences, {words} words"
    return table(title, ["path", "word error rate", "points more"], rows)


def _whole() -> Iterator[Audio]:
    files = find_voices(load_config({}).config)[0]
    voice = PiperVoice.load(str(files.onnx), str(files.config))
    for sentence in SENTENCES:
        chunks = list(voice.synthesize(sentence))
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
        yield Audio(samples.astype(np.float32), chunks[0].sample_rate)


async def _streamed(url: str, audio_format: str) -> list[Audio]:
    async with httpx.AsyncClient(timeout=120) as client:
        return [
            _decoded(
                (
                    await speak(url, client, text=text, llm=False, format=audio_format)
                ).body
            )
            for text in SENTENCES
        ]


def _decoded(data: bytes) -> Audio:
    """Any format at Whisper's rate."""
    resampler = av.AudioResampler("s16", "mono", SPEECH_RATE_HZ)
    parts: list[Samples] = []
    with av.open(io.BytesIO(data), "r") as container:
        for frame in [*container.decode(audio=0), None]:
            for resampled in resampler.resample(frame):
                parts.append(pcm16_to_float(resampled.to_ndarray().tobytes()))
    return Audio(np.concatenate(parts), SPEECH_RATE_HZ)


def _rate(model: WhisperModel, clips: list[Audio]) -> float:
    with ThreadPoolExecutor(2) as threads:
        groups = [clips[at : at + TOGETHER] for at in range(0, len(clips), TOGETHER)]
        heard = list(threads.map(lambda group: _hear(model, group), groups))
    said = [
        " ".join(SENTENCES[at : at + TOGETHER])
        for at in range(0, len(SENTENCES), TOGETHER)
    ]
    return word_error_rate(zip(said, heard, strict=True))


def _hear(model: WhisperModel, clips: list[Audio]) -> str:
    samples = [clip.resampled(SPEECH_RATE_HZ).samples for clip in clips]
    segments, _ = model.transcribe(
        np.concatenate(samples),
        beam_size=1,
        language="en",
        condition_on_previous_text=False,
    )
    return "".join(segment.text for segment in segments)
