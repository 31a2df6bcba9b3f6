"""The official Deepgram SDK for Python."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.speak.v1.types import SpeakV1Text

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
    wav,
)

SPEECH_RATE_HZ = 24_000
FORMAT = {"encoding": "linear16", "sample_rate": RATE_HZ}
SPEECH_FORMAT = {"encoding": "linear16", "sample_rate": SPEECH_RATE_HZ}
VOICE = "aura-2-thalia-en"


def sdk(task: Task) -> AsyncDeepgramClient:
    here = DeepgramClientEnvironment(
        base=task.url, production=task.ws_url, agent=task.ws_url, agent_rest=task.url
    )
    return AsyncDeepgramClient(api_key=KEY, environment=here)


async def recorded(task: Task) -> Heard:
    heard, client = Heard(), sdk(task)
    for clip in task.clips:
        began = time.perf_counter()
        answer = await client.listen.v1.media.transcribe_file(
            request=wav(clip.pcm), model="nova-3", smart_format=True
        )
        text = answer.results.channels[0].alternatives[0].transcript
        heard.add(text, time.perf_counter() - began)
    return heard


async def live(task: Task) -> Heard:
    heard, client = Heard(), sdk(task)
    for clip in task.clips:
        connecting = client.listen.v1.connect(
            model="nova-3", interim_results=True, endpointing=300, **FORMAT
        )
        heard.add(*await _listen(connecting, clip, _final))
    return heard


async def flux(task: Task) -> Heard:
    heard, client = Heard(), sdk(task)
    for clip in task.clips:
        connecting = client.listen.v2.connect(model="flux-general-en", **FORMAT)
        heard.add(*await _listen(connecting, clip, _end_of_turn))
    return heard


def _final(message: Any) -> str:
    if message.type == "Results" and message.is_final:
        return str(message.channel.alternatives[0].transcript)
    return ""


def _end_of_turn(message: Any) -> str:
    if message.type == "TurnInfo" and message.event == "EndOfTurn":
        return str(message.transcript)
    return ""


async def _listen(
    connecting: AbstractAsyncContextManager[Any],
    clip: Clip,
    text_of: Callable[[Any], str],
) -> tuple[str, float]:
    texts = Texts()
    async with connecting as connection:

        async def listen() -> None:
            async for message in connection:
                texts.add(text_of(message))

        listening = asyncio.create_task(listen())
        ended = await play(clip, connection.send_media, texts)
        await connection.send_close_stream()
        await asyncio.wait_for(listening, 10)
    return texts.text, texts.last_at - ended


async def speak(task: Task) -> Spoken:
    audio = Audio()
    async for part in sdk(task).speak.v1.audio.generate(
        text=task.sentence, model=VOICE, container="none", **SPEECH_FORMAT
    ):
        audio.add(part)
    return audio.spoken(SPEECH_RATE_HZ)


async def speak_live(task: Task) -> Spoken:
    async with sdk(task).speak.v1.connect(model=VOICE, **SPEECH_FORMAT) as connection:
        audio = Audio()
        await connection.send_text(SpeakV1Text(type="Speak", text=task.sentence))
        await connection.send_flush()
        async for message in connection:
            if isinstance(message, bytes):
                audio.add(message)
            elif message.type == "Flushed":
                break
    return audio.spoken(SPEECH_RATE_HZ)


_check = partial(Check, "deepgram-sdk")

CHECKS = [
    _check("listen.v1.media", "WAV in, JSON out", recorded),
    _check("listen.v1", "live, interim results", live),
    _check("listen.v2", "live, Flux", flux),
    _check("speak.v1.audio", "streamed PCM", speak),
    _check("speak.v1", "WebSocket", speak_live),
]

if __name__ == "__main__":
    main(CHECKS)
