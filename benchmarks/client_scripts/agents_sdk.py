"""OpenAI's agents SDK: a realtime agent that is asked questions aloud."""

from __future__ import annotations

import asyncio
from typing import Any

from agents.realtime import RealtimeAgent, RealtimeRunner

from benchmarks.client_scripts.checks import KEY, Check, Task, main
from benchmarks.client_scripts.talks import Answers, converse

INSTRUCTIONS = "Answer in one short sentence."


async def talk(task: Task) -> str:
    """Raises RuntimeError for an error event."""
    answers, errors = Answers(), list[str]()
    agent = RealtimeAgent(name="Assistant", instructions=INSTRUCTIONS)
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


CHECKS = [Check("openai-agents", "RealtimeAgent", "a spoken conversation", talk)]

if __name__ == "__main__":
    main(CHECKS)
