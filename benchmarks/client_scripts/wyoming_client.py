"""The client library of the Wyoming protocol, used as Home Assistant uses it."""

from __future__ import annotations

import asyncio
from functools import partial

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from benchmarks.client_scripts.checks import (
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

FORMAT = (RATE_HZ, 2, 1)


def client(task: Task) -> AsyncTcpClient:
    return AsyncTcpClient("127.0.0.1", task.wyoming_port, 10, 10)


async def describe(task: Task) -> str:
    info = await _info(task)
    assert info.asr and info.tts
    models, voices = info.asr[0].models, info.tts[0].voices
    return f"{len(models)} models, {len(voices)} voices"


async def _info(task: Task) -> Info:
    async with client(task) as connection:
        await connection.write_event(Describe().event())
        event = await connection.read_event()
    assert event is not None
    return Info.from_event(event)


async def command(task: Task) -> Heard:
    """The server decides when a command has ended, so long recordings would be cut."""
    heard = Heard()
    for clip in task.clips:
        heard.add(*await _command(task, clip))
    return heard


async def _command(task: Task, clip: Clip) -> tuple[str, float]:
    texts = Texts()
    async with client(task) as connection:
        await connection.write_event(Transcribe(language="en").event())
        await connection.write_event(AudioStart(*FORMAT).event())

        async def send(pcm: bytes) -> None:
            if not texts.parts:
                await connection.write_event(AudioChunk(*FORMAT, pcm).event())

        async def listen() -> None:
            while (event := await connection.read_event()) is not None:
                if Transcript.is_type(event.type):
                    texts.add(Transcript.from_event(event).text)
                    return

        connection.read_timeout = 30
        listening = asyncio.create_task(listen())
        ended = await play(clip, send, texts)
        await connection.write_event(AudioStop().event())
        await asyncio.wait_for(listening, 10)
    return texts.text, texts.last_at - ended


async def speak(task: Task) -> Spoken:
    voices = (await _info(task)).tts[0].voices
    wanted = Synthesize(task.sentence, voice=SynthesizeVoice(name=voices[0].name))
    rate_hz = 0
    async with client(task) as connection:
        audio = Audio()
        await connection.write_event(wanted.event())
        while (event := await connection.read_event()) is not None:
            if AudioStart.is_type(event.type):
                rate_hz = AudioStart.from_event(event).rate
            elif AudioChunk.is_type(event.type):
                audio.add(AudioChunk.from_event(event).audio)
            elif AudioStop.is_type(event.type):
                break
    return audio.spoken(rate_hz)


_check = partial(Check, "wyoming")

CHECKS = [
    _check("describe", "models and voices", describe),
    _check("transcribe", "live voice command", command),
    _check("synthesize", "whole sentence", speak),
]

if __name__ == "__main__":
    main(CHECKS)
