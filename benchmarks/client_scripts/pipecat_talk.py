"""pipecat's service for the Realtime API, in a pipeline that is asked aloud."""

from __future__ import annotations

import asyncio
from typing import Any

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
)
from pipecat.services.llm_service import FunctionCallParams
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
from benchmarks.client_scripts.weather import WEATHER, Weather

GREETING_SECONDS = 60.0
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
    async with Conversation([_service(task)]) as conversation:
        return await conversation.hold(task)


async def call(task: Task) -> str:
    """The same with a function, whose result is answered aloud. A pipeline with a context
    begins with a greeting."""
    weather, service = Weather(), _service(task)

    async def tell(call: FunctionCallParams) -> None:
        await call.result_callback(weather.tell(call.arguments))

    service.register_function(WEATHER["name"], tell)
    context = LLMContext(tools=ToolsSchema(standard_tools=[_schema()]))
    pair = LLMContextAggregatorPair(context)
    async with Conversation([pair.user(), service, pair.assistant()]) as conversation:
        await conversation.hear_greeting(LLMContextFrame(context))
        weather.calls = 0
        says = await conversation.hold(task)
    return weather.told(says, len(task.clips))


def _schema() -> FunctionSchema:
    parameters = WEATHER["parameters"]
    return FunctionSchema(
        WEATHER["name"],
        WEATHER["description"],
        parameters["properties"],
        parameters["required"],
    )


def _service(task: Task) -> OpenAIRealtimeLLMService:
    return OpenAIRealtimeLLMService(
        api_key=KEY,
        base_url=f"{task.ws_url}/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(
            model="gpt-realtime", session_properties=PROPERTIES
        ),
    )


class Conversation:
    """A pipeline that runs, and what is heard of it."""

    def __init__(self, processors: list[Any]) -> None:
        self._answers, self._errors = Answers(), list[str]()
        self._started = asyncio.Event()
        self._worker = PipelineWorker(
            Pipeline(processors),
            params=PARAMS,
            enable_rtvi=False,
            enable_turn_tracking=False,
        )
        hears = (TTSAudioRawFrame, TTSStoppedFrame)
        self._worker.set_reached_downstream_filter(hears)
        for event, handler in {
            "on_pipeline_started": self._on_started,
            "on_frame_reached_downstream": self._on_downstream,
            "on_pipeline_error": self._on_error,
        }.items():
            self._worker.add_event_handler(event, handler)

    async def __aenter__(self) -> Conversation:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        self._running = asyncio.create_task(runner.run())
        await self._started.wait()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._running.cancel()

    async def hear_greeting(self, first: Frame) -> None:
        """Send a frame that the pipeline answers, and hear it to the end."""
        await self._worker.queue_frame(first)
        await asyncio.wait_for(self._answers.over.wait(), GREETING_SECONDS)
        await asyncio.sleep(self._answers.seconds)

    async def hold(self, task: Task) -> str:
        """Ask the questions, and end. Raises RuntimeError for an error of the pipeline."""
        says = await converse(task.clips, self._send, self._answers)
        await self._worker.queue_frame(EndFrame())
        await asyncio.wait_for(self._running, 20)
        if self._errors:
            raise RuntimeError("; ".join(self._errors))
        return says

    async def _send(self, pcm: bytes) -> None:
        frame = InputAudioRawFrame(audio=pcm, sample_rate=TALK_RATE_HZ, num_channels=1)
        await self._worker.queue_frame(frame)

    async def _on_started(self, _worker: Any, _frame: Any) -> None:
        self._started.set()

    async def _on_downstream(self, _worker: Any, frame: Any) -> None:
        if isinstance(frame, TTSAudioRawFrame):
            self._answers.add(frame.audio)
        else:
            self._answers.over.set()

    async def _on_error(self, _worker: Any, frame: Any) -> None:
        self._errors.append(frame.error)


SERVICE = "OpenAIRealtimeLLMService"
CHECKS = [
    Check("pipecat-ai", SERVICE, "a spoken conversation", talk),
    Check("pipecat-ai", SERVICE, "function calls", call),
]

if __name__ == "__main__":
    main(CHECKS, quiet)
