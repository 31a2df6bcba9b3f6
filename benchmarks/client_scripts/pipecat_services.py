"""pipecat's services, each in a pipeline of its own as in a voice agent."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    EndFrame,
    InputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.deepgram.tts import DeepgramHttpTTSService, DeepgramTTSService
from pipecat.services.openai.stt import OpenAIRealtimeSTTService, OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.workers.runner import WorkerRunner

from benchmarks.client_scripts.checks import (
    KEY,
    RATE_HZ,
    Audio,
    Check,
    Clip,
    Heard,
    Spoken,
    Task,
    Texts,
    main,
    play,
)

SPEECH_RATE_HZ = 24_000
FRAMES = (TranscriptionFrame, TTSAudioRawFrame, TTSStoppedFrame)
PARAMS = PipelineParams(
    audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=SPEECH_RATE_HZ
)
Services = Callable[[Task], list[Any]]


@asynccontextmanager
async def running(
    services: list[Any], on_frame: Callable[[Any], None]
) -> AsyncIterator[PipelineWorker]:
    """A pipeline that has started; what comes out of it goes to `on_frame`."""
    errors: list[str] = []
    started = asyncio.Event()
    worker = PipelineWorker(
        Pipeline(services), params=PARAMS, enable_rtvi=False, enable_turn_tracking=False
    )
    worker.set_reached_downstream_filter(FRAMES)

    async def on_started(_worker: Any, _frame: Any) -> None:
        started.set()

    async def on_downstream(_worker: Any, frame: Any) -> None:
        on_frame(frame)

    async def on_error(_worker: Any, frame: Any) -> None:
        errors.append(frame.error)
        started.set()

    worker.add_event_handler("on_pipeline_started", on_started)
    worker.add_event_handler("on_frame_reached_downstream", on_downstream)
    worker.add_event_handler("on_pipeline_error", on_error)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    task = asyncio.create_task(runner.run())
    await started.wait()
    try:
        yield worker
        await worker.queue_frame(EndFrame())
        await asyncio.wait_for(task, 20)
    finally:
        task.cancel()
    if errors:
        raise RuntimeError("; ".join(errors))


def listening(services: Services) -> Callable[[Task], Any]:
    async def run(task: Task) -> Heard:
        heard = Heard()
        for clip in task.clips:
            heard.add(*await _listen(services(task), clip))
        return heard

    return run


async def _listen(services: list[Any], clip: Clip) -> tuple[str, float]:
    texts = Texts()

    def on_frame(frame: Any) -> None:
        if isinstance(frame, TranscriptionFrame):
            texts.add(frame.text)

    async with running(services, on_frame) as worker:

        async def send(pcm: bytes) -> None:
            frame = InputAudioRawFrame(audio=pcm, sample_rate=RATE_HZ, num_channels=1)
            await worker.queue_frame(frame)

        ended = await play(clip, send, texts)
    return texts.text, texts.last_at - ended


def speaking(services: Services) -> Callable[[Task], Any]:
    async def run(task: Task) -> Spoken:
        rates: set[int] = set()
        stopped = asyncio.Event()
        audio = Audio()

        def on_frame(frame: Any) -> None:
            if isinstance(frame, TTSAudioRawFrame):
                rates.add(frame.sample_rate)
                audio.add(frame.audio)
            elif isinstance(frame, TTSStoppedFrame):
                stopped.set()

        async with running(services(task), on_frame) as worker:
            audio.began = time.perf_counter()
            await worker.queue_frame(TTSSpeakFrame(task.sentence))
            await asyncio.wait_for(stopped.wait(), 20)
        (rate_hz,) = rates
        return audio.spoken(rate_hz)

    return run


def _vad() -> VADProcessor:
    return VADProcessor(vad_analyzer=SileroVADAnalyzer())


def _openai(task: Task) -> list[Any]:
    return [_vad(), OpenAISTTService(api_key=KEY, base_url=f"{task.url}/v1")]


def _realtime(task: Task) -> list[Any]:
    url = f"{task.ws_url}/v1/realtime"
    return [_vad(), OpenAIRealtimeSTTService(api_key=KEY, base_url=url)]


def _realtime_server_vad(task: Task) -> list[Any]:
    service = OpenAIRealtimeSTTService(
        api_key=KEY,
        base_url=f"{task.ws_url}/v1/realtime",
        turn_detection={"type": "server_vad"},
        settings=OpenAIRealtimeSTTService.Settings(model="gpt-transcribe"),
    )
    return [service]


def _deepgram(task: Task) -> list[Any]:
    return [DeepgramSTTService(api_key=KEY, base_url=task.url)]


def _deepgram_vad(task: Task) -> list[Any]:
    return [_vad(), *_deepgram(task)]


def _flux(task: Task) -> list[Any]:
    return [DeepgramFluxSTTService(api_key=KEY, url=f"{task.ws_url}/v2/listen")]


def _openai_tts(task: Task) -> list[Any]:
    return [OpenAITTSService(api_key=KEY, base_url=f"{task.url}/v1")]


def _deepgram_tts(task: Task) -> list[Any]:
    return [DeepgramTTSService(api_key=KEY, base_url=task.ws_url)]


async def _deepgram_http_tts(task: Task) -> Spoken:
    async with aiohttp.ClientSession() as session:
        service = DeepgramHttpTTSService(
            api_key=KEY, aiohttp_session=session, base_url=task.url
        )
        spoken: Spoken = await speaking(lambda _task: [service])(task)
    return spoken


_check = partial(Check, "pipecat-ai")

CHECKS = [
    _check("OpenAISTTService", "each turn, local VAD", listening(_openai)),
    _check("OpenAIRealtimeSTTService", "live, local VAD", listening(_realtime)),
    _check(
        "OpenAIRealtimeSTTService", "live, server VAD", listening(_realtime_server_vad)
    ),
    _check("DeepgramSTTService", "live", listening(_deepgram)),
    _check("DeepgramSTTService", "live, local VAD finalizes", listening(_deepgram_vad)),
    _check("DeepgramFluxSTTService", "live", listening(_flux)),
    _check("OpenAITTSService", "streamed PCM", speaking(_openai_tts)),
    _check("DeepgramTTSService", "WebSocket", speaking(_deepgram_tts)),
    _check("DeepgramHttpTTSService", "streamed PCM", _deepgram_http_tts),
]


def quiet() -> None:
    logger.remove()
    logger.add(sys.stderr, level="WARNING")


if __name__ == "__main__":
    main(CHECKS, quiet)
