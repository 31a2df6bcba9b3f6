"""pipecat's service for the Realtime API, in a pipeline that is asked aloud."""

from __future__ import annotations

import asyncio
from typing import Any

from pipecat.frames.frames import (
    EndFrame,
    InputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.services.openai.realtime.events import (
    AudioConfiguration,
    AudioInput,
    InputAudioTranscription,
    SemanticTurnDetection,
    SessionProperties,
)
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.workers.runner import WorkerRunner

from benchmarks.client_scripts.checks import KEY, Check, Task, main
from benchmarks.client_scripts.pipecat_services import quiet
from benchmarks.client_scripts.talks import TALK_RATE_HZ, Answers, converse

PARAMS = PipelineParams(
    audio_in_sample_rate=TALK_RATE_HZ, audio_out_sample_rate=TALK_RATE_HZ
)
PROPERTIES = SessionProperties(
    instructions="Answer in one short sentence.",
    audio=AudioConfiguration(
        input=AudioInput(
            transcription=InputAudioTranscription(model="whisper-1"),
            turn_detection=SemanticTurnDetection(),
        )
    ),
)


async def talk(task: Task) -> str:
    """Raises RuntimeError for an error of the pipeline."""
    answers, errors = Answers(), list[str]()
    service = OpenAIRealtimeLLMService(
        api_key=KEY,
        base_url=f"{task.ws_url}/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(
            model="gpt-realtime", session_properties=PROPERTIES
        ),
    )
    worker = PipelineWorker(
        Pipeline([service]),
        params=PARAMS,
        enable_rtvi=False,
        enable_turn_tracking=False,
    )
    worker.set_reached_downstream_filter((TTSAudioRawFrame, TTSStoppedFrame))
    started = asyncio.Event()

    async def on_started(_worker: Any, _frame: Any) -> None:
        started.set()

    async def on_downstream(_worker: Any, frame: Any) -> None:
        if isinstance(frame, TTSAudioRawFrame):
            answers.add(frame.audio)
        else:
            answers.over.set()

    async def on_error(_worker: Any, frame: Any) -> None:
        errors.append(frame.error)

    worker.add_event_handler("on_pipeline_started", on_started)
    worker.add_event_handler("on_frame_reached_downstream", on_downstream)
    worker.add_event_handler("on_pipeline_error", on_error)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())

    async def send(pcm: bytes) -> None:
        frame = InputAudioRawFrame(audio=pcm, sample_rate=TALK_RATE_HZ, num_channels=1)
        await worker.queue_frame(frame)

    try:
        await started.wait()
        says = await converse(task.clips, send, answers)
        await worker.queue_frame(EndFrame())
        await asyncio.wait_for(running, 20)
    finally:
        running.cancel()
    if errors:
        raise RuntimeError("; ".join(errors))
    return says


CHECKS = [
    Check("pipecat-ai", "OpenAIRealtimeLLMService", "a spoken conversation", talk)
]

if __name__ == "__main__":
    main(CHECKS, quiet)
