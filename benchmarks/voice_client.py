"""Voice to voice: from the end of a question to the first sound of the spoken reply.

`python -m benchmarks.voice_client` asks spoken questions over `/ws/voice` in real time, with
the smallest embedded models, and prints the client's figure beside the server's stages.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from typing import Any

from common.audio import read_wav
from tests.chat.talker import Talker, talker
from tests.clients import speak
from tests.server_process import running_server

QUESTIONS = (
    "What is the capital of France?",
    "Tell me something about the sea.",
    "How do I make a good cup of tea?",
    "Why is the sky blue?",
    "Can you recommend a book for the train?",
)
ROUNDS = 2
SERVER = {"whisper_model_name": "tiny.en", "llm_backend": "embedded"}
STAGES = ("transcribed", "endpoint", "committed", "llm_first_token", "first_audio")


async def ask(url: str, ws_url: str) -> list[dict[str, float]]:
    """Each question in a conversation of its own, in milliseconds."""
    clips = [
        read_wav((await speak(url, text=each, llm=False, format="wav")).body)
        for each in QUESTIONS
    ]
    found = []
    for _ in range(ROUNDS):
        for clip in clips:
            async with talker(ws_url, max_output_tokens=40) as talking:
                await asyncio.sleep(0.5)
                found.append(await answer(talking, clip))
    return found


async def answer(talking: Talker, clip: Any) -> dict[str, float]:
    said_at = await talking.say(clip)
    audible_at = await talking.wait_until_audible(1)
    metrics = await talking.wait_for("x.metrics")
    stages: dict[str, float] = metrics["stages_ms"]
    return {"voice to voice": 1000 * (audible_at - said_at), **stages}


def main() -> None:
    with running_server(**SERVER) as server:
        found = asyncio.run(ask(server.url, server.ws_url))
    print(
        f"{len(found)} questions, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    for name in ("voice to voice", *STAGES, "first_sent"):
        values = sorted(each[name] for each in found if name in each)
        if values:
            median, most = statistics.median(values), values[-1]
            print(f"{name:>16}: median {median:5.0f} ms, most {most:5.0f} ms")


if __name__ == "__main__":
    main()
