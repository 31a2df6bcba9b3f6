"""wyoming_openai, which makes a Wyoming server of an OpenAI one, between its client and
this server.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from benchmarks.client_scripts.checks import KEY, Check, Heard, Spoken, Task, main
from benchmarks.client_scripts.wyoming_client import FORMAT, client, describe, speak

START_SECONDS = 40.0
BACKENDS = {"STT_BACKEND": "OPENAI", "TTS_BACKEND": "SPEACHES"}


@asynccontextmanager
async def bridged(task: Task) -> AsyncIterator[Task]:
    """The same task with the bridge's port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "WYOMING_URI": f"tcp://127.0.0.1:{port}",
        "WYOMING_LOG_LEVEL": "WARNING",
        "STT_OPENAI_URL": f"{task.url}/v1",
        "STT_OPENAI_KEY": KEY,
        "STT_MODELS": "whisper-1",
        "TTS_OPENAI_URL": f"{task.url}/v1",
        "TTS_OPENAI_KEY": KEY,
        "TTS_MODELS": "tts-1",
        **BACKENDS,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wyoming_openai", env={**os.environ, **settings}
    )
    try:
        await asyncio.wait_for(_until_open(port), START_SECONDS)
        yield replace(task, wyoming_port=port)
    finally:
        process.terminate()
        await process.wait()


async def _until_open(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def recorded(task: Task) -> Heard:
    heard = Heard()
    async with bridged(task) as through:
        for clip in through.clips:
            async with client(through) as connection:
                await connection.write_event(Transcribe(language="en").event())
                await connection.write_event(AudioStart(*FORMAT).event())
                await connection.write_event(AudioChunk(*FORMAT, clip.pcm).event())
                began = time.perf_counter()
                await connection.write_event(AudioStop().event())
                while (event := await connection.read_event()) is not None:
                    if Transcript.is_type(event.type):
                        text = Transcript.from_event(event).text
                        heard.add(text, time.perf_counter() - began)
                        break
    return heard


async def described(task: Task) -> str:
    async with bridged(task) as through:
        return await describe(through)


async def spoken(task: Task) -> Spoken:
    async with bridged(task) as through:
        return await speak(through)


_check = partial(Check, "wyoming_openai")

CHECKS = [
    _check("describe", "models and voices", described),
    _check("transcribe", "whole recording", recorded),
    _check("synthesize", "whole sentence", spoken),
]

if __name__ == "__main__":
    main(CHECKS)
