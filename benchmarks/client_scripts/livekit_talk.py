"""An agent of LiveKit Agents on its realtime model, without a room, asked aloud."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, utils
from livekit.agents.voice import io
from livekit.plugins import openai

from benchmarks.client_scripts.checks import KEY, Check, Task, main
from benchmarks.client_scripts.talks import TALK_RATE_HZ, Answers, converse
from benchmarks.client_scripts.weather import WEATHER, Weather

INSTRUCTIONS = "Answer in one short sentence."


class Microphone(io.AudioInput):  # type: ignore[misc]
    """Gives what is put into it."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._frames: asyncio.Queue[rtc.AudioFrame] = asyncio.Queue()

    async def put(self, pcm: bytes) -> None:
        frame = rtc.AudioFrame(pcm, TALK_RATE_HZ, 1, len(pcm) // 2)
        self._frames.put_nowait(frame)

    async def __anext__(self) -> rtc.AudioFrame:
        return await self._frames.get()


class Loudspeaker(io.AudioOutput):  # type: ignore[misc]
    """Takes the answers, and says when each was played."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(
            label="loudspeaker",
            capabilities=io.AudioOutputCapabilities(pause=False),
            sample_rate=TALK_RATE_HZ,
        )
        self._answers = answers
        self._began, self._seconds = 0.0, 0.0
        self._playing: asyncio.Task[None] | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._seconds:
            self._began = time.perf_counter()
            self.on_playback_started(created_at=time.time())
        self._seconds += frame.duration
        self._answers.add(bytes(frame.data))

    def flush(self) -> None:
        super().flush()
        if self._seconds and self._playing is None:
            self._playing = asyncio.create_task(self._play_out())

    def clear_buffer(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
        if self._seconds:
            self._end(time.perf_counter() - self._began, interrupted=True)

    async def _play_out(self) -> None:
        left = self._began + self._seconds - time.perf_counter()
        await asyncio.sleep(max(0.0, left))
        self._end(self._seconds, interrupted=False)

    def _end(self, seconds: float, *, interrupted: bool) -> None:
        self._playing, self._seconds = None, 0.0
        self.on_playback_finished(playback_position=seconds, interrupted=interrupted)
        self._answers.over.set()


async def talk(task: Task) -> str:
    """Raises RuntimeError for an error of the session."""
    return await _converse(task, Agent(instructions=INSTRUCTIONS))


async def call(task: Task) -> str:
    """The same with a function, whose result is answered aloud."""
    weather = Weather()

    async def tell(raw_arguments: dict[str, Any]) -> str:
        return json.dumps(weather.tell(raw_arguments))

    tool = function_tool(tell, raw_schema=WEATHER)
    agent = Agent(instructions=INSTRUCTIONS, tools=[tool])
    says = await _converse(task, agent, tool_choice="required")
    return weather.told(says, len(task.clips))


async def _converse(task: Task, agent: Agent, **options: Any) -> str:
    """`options` are those of the model."""
    answers, errors = Answers(), list[str]()
    async with utils.http_context.open():
        model = openai.realtime.RealtimeModel(
            base_url=f"{task.url}/v1", api_key=KEY, voice="marin", **options
        )
        session: AgentSession[Any] = AgentSession(llm=model)
        session.on("error", lambda event: errors.append(str(event.error)))
        microphone = Microphone()
        session.input.audio = microphone
        session.output.audio = Loudspeaker(answers)
        await session.start(agent)
        try:
            says = await converse(task.clips, microphone.put, answers)
        finally:
            await session.aclose()
            await model.aclose()
    if errors:
        raise RuntimeError("; ".join(errors))
    return says


SERVICE = "RealtimeModel, AgentSession"
CHECKS = [
    Check("livekit-plugins-openai", SERVICE, "a spoken conversation", talk),
    Check("livekit-plugins-openai", SERVICE, "function calls", call),
]

if __name__ == "__main__":
    main(CHECKS)
