"""Word error rate: our socket in real time, beside offline faster-whisper."""

from __future__ import annotations

import asyncio
import time

from faster_whisper import WhisperModel

from benchmarks.report import table
from common.audio import read_wav
from common.config import load_config
from common.model_files import find_whisper
from tests.clients import transcribe_over_socket
from tests.server_process import running_server
from tests.word_errors import Recording, recordings, word_error_rate

MODEL = "base"
STREAMS = 3
MAX_SECONDS = 24.0


def run() -> str:
    """Streams every English recording under 24 s, and transcribes it offline too."""
    clips = [
        clip
        for clip in recordings()
        if clip.language == "en" and clip.reference and clip.seconds < MAX_SECONDS
    ]
    if not clips:
        return "accuracy: left out, SPEECH_CORPUS names no folder of recordings.\n"
    rows = [_live_row(clips)]
    rows += [_offline_row(clips, beam) for beam in (1, 5)]
    seconds = sum(clip.seconds for clip in clips)
    title = (
        f"Word error rate, {MODEL}, {len(clips)} English recordings ({seconds:.0f} s)"
    )
    return table(title, ["path", "word error rate", "wall time"], rows)


def _live_row(clips: list[Recording]) -> list[str]:
    began = time.perf_counter()
    with running_server(whisper_model_name=MODEL, llm_backend="none") as server:
        heard = asyncio.run(_stream_all(server.url, clips))
    rate = _rate(clips, heard)
    return [
        f"`/ws/stt` in real time, {STREAMS} at once",
        rate,
        _seconds(began),
    ]


async def _stream_all(url: str, clips: list[Recording]) -> list[str]:
    gate = asyncio.Semaphore(STREAMS)

    async def one(clip: Recording) -> str:
        async with gate:
            audio = read_wav(clip.path)
            heard = await transcribe_over_socket(url, audio, real_time=True)
            return heard.text

    return await asyncio.gather(*map(one, clips))


def _offline_row(clips: list[Recording], beam: int) -> list[str]:
    folder = find_whisper(MODEL, load_config({}).config)
    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    began = time.perf_counter()
    heard = []
    for clip in clips:
        segments, _ = model.transcribe(
            read_wav(clip.path).samples,
            beam_size=beam,
            language="en",
            condition_on_previous_text=False,
        )
        heard.append("".join(segment.text for segment in segments))
    return [
        f"offline `WhisperModel.transcribe`, beam {beam}",
        _rate(clips, heard),
        _seconds(began),
    ]


def _rate(clips: list[Recording], heard: list[str]) -> str:
    pairs = [(clip.reference, text) for clip, text in zip(clips, heard, strict=True)]
    return f"{100 * word_error_rate(pairs):.1f} %"


def _seconds(began: float) -> str:
    return f"{time.perf_counter() - began:.0f} s"
