"""OpenAI's agents SDK: a realtime agent that is asked questions aloud."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agents import FunctionTool
from agents.realtime import RealtimeAgent, RealtimeRunner

from benchmarks.client_scripts.checks import KEY, Check, Task, main
from benchmarks.client_scripts.talks import Answers, converse
from benchmarks.client_scripts.weather import WEATHER, Weather

INSTRUCTIONS = "Answer in one short sentence."


async def talk(task: Task) -> str:
    """Raises RuntimeError for an error event."""
    return await _converse(task, [])


async def call(task: Task) -> str:
    """The same with a function, whose result is answered aloud."""
    weather = Weather()

    async def tell(_context: Any, arguments: str) -> str:
        return json.dumps(weather.tell(json.loads(arguments)))

    tool = FunctionTool(
        name=WEATHER["name"],
        description=WEATHER["description"],
        params_json_schema=WEATHER["parameters"],
        on_invoke_tool=tell,
        strict_json_schema=False,
    )
    return weather.told(await _converse(task, [tool]), len(task.clips))


async def _converse(task: Task, tools: list[Any]) -> str:
    answers, errors = Answers(), list[str]()
    agent = RealtimeAgent(name="Assistant", instructions=INSTRUCTIONS, tools=tools)
    runner = RealtimeRunner(agent)
    config: Any = {
        "url": f"{task.ws_url}/v1/realtime?model=gpt-realtime",
        "api_key": KEY,
        "initial_model_settings": {"voice": "marin"},
    }

    async def listen(session: Any) -> None:
        async for event in session:
            if event.type == "audio":
                answers.add(event.audio.data)
            elif event.type == "audio_end":
                answers.over.set()
            elif event.type == "error":
                errors.append(str(event.error))

    async with await runner.run(model_config=config) as session:
        listening = asyncio.create_task(listen(session))
        try:
            says = await converse(task.clips, session.send_audio, answers)
        finally:
            listening.cancel()
    if errors:
        raise RuntimeError("; ".join(errors))
    return says


CHECKS = [
    Check("openai-agents", "RealtimeAgent", "a spoken conversation", talk),
    Check("openai-agents", "RealtimeAgent", "function calls", call),
]

if __name__ == "__main__":
    main(CHECKS)
