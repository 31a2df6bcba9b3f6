"""The OpenAI and Deepgram plugins of LiveKit Agents, without a room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from livekit import rtc
from livekit.agents import inference, stt, utils
from livekit.plugins import deepgram, openai

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

FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
OPENAI, DEEPGRAM = "livekit-plugins-openai", "livekit-plugins-deepgram"


def frame(pcm: bytes) -> rtc.AudioFrame:
    return rtc.AudioFrame(pcm, RATE_HZ, 1, len(pcm) // 2)


def recognizing(make: Callable[[Task], Any]) -> Callable[[Task], Any]:
    """Whole recordings, as the plugin takes them."""

    async def run(task: Task) -> Heard:
        heard = Heard()
        async with utils.http_context.open():
            service = make(task)
            for clip in task.clips:
                began = time.perf_counter()
                event = await service.recognize(frame(clip.pcm))
                heard.add(event.alternatives[0].text, time.perf_counter() - began)
        return heard

    return run


def streaming(make: Callable[[Task], Any]) -> Callable[[Task], Any]:
    async def run(task: Task) -> Heard:
        heard = Heard()
        async with utils.http_context.open():
            service = make(task)
            for clip in task.clips:
                heard.add(*await _stream(service, clip))
            await service.aclose()
        return heard

    return run


async def _stream(service: Any, clip: Clip) -> tuple[str, float]:
    texts = Texts()
    stream = service.stream()

    async def listen() -> None:
        async for event in stream:
            if event.type == FINAL:
                texts.add(event.alternatives[0].text)

    async def send(pcm: bytes) -> None:
        stream.push_frame(frame(pcm))

    listening = asyncio.create_task(listen())
    ended = await play(clip, send, texts)
    if listening.done():
        listening.result()
    await stream.aclose()
    await listening
    return texts.text, texts.last_at - ended


def speaking(make: Callable[[Task], Any]) -> Callable[[Task], Any]:
    """A whole sentence."""

    async def run(task: Task) -> Spoken:
        async with utils.http_context.open():
            service = make(task)
            spoken = await _collect(service.synthesize(task.sentence))
            await service.aclose()
        return spoken

    return run


def speaking_stream(make: Callable[[Task], Any]) -> Callable[[Task], Any]:
    """Word by word, as a language model writes."""

    async def run(task: Task) -> Spoken:
        async with utils.http_context.open():
            service = make(task)
            stream = service.stream()
            for word in task.sentence.split():
                stream.push_text(f"{word} ")
            stream.end_input()
            spoken = await _collect(stream)
            await service.aclose()
        return spoken

    return run


async def _collect(events: AsyncIterator[Any]) -> Spoken:
    audio, rates = Audio(), set()
    async for event in events:
        rates.add(event.frame.sample_rate)
        audio.add(bytes(event.frame.data))
    (rate_hz,) = rates
    return audio.spoken(rate_hz)


def _openai(task: Task, **options: Any) -> openai.STT:
    return openai.STT(base_url=f"{task.url}/v1", api_key=KEY, **options)


def _adapted(task: Task) -> stt.StreamAdapter:
    """What `AgentSession` makes of a service that cannot stream."""
    return stt.StreamAdapter(stt=_openai(task), vad=inference.VAD(model="silero"))


def _openai_tts(model: str) -> Callable[[Task], Any]:
    return lambda task: openai.TTS(
        base_url=f"{task.url}/v1", api_key=KEY, model=model, voice="alloy"
    )


def _deepgram(task: Task) -> deepgram.STT:
    return deepgram.STT(base_url=f"{task.url}/v1/listen", api_key=KEY)


def _flux(task: Task) -> deepgram.STTv2:
    return deepgram.STTv2(base_url=f"{task.ws_url}/v2/listen", api_key=KEY)


def _deepgram_tts(task: Task) -> deepgram.TTS:
    return deepgram.TTS(base_url=f"{task.url}/v1/speak", api_key=KEY)


CHECKS = [
    Check(OPENAI, "STT", "recognize()", recognizing(_openai)),
    Check(OPENAI, "STT", "each turn, local VAD", streaming(_adapted)),
    Check(
        OPENAI,
        "STT, use_realtime",
        "live, server VAD",
        streaming(lambda task: _openai(task, use_realtime=True)),
    ),
    Check(
        OPENAI,
        "STT, gpt-realtime-whisper",
        "live, local VAD",
        streaming(lambda task: _openai(task, model="gpt-realtime-whisper")),
    ),
    Check(OPENAI, "TTS, tts-1", "streamed", speaking(_openai_tts("tts-1"))),
    Check(
        OPENAI,
        "TTS, gpt-4o-mini-tts",
        "server-sent events",
        speaking(_openai_tts("gpt-4o-mini-tts")),
    ),
    Check(DEEPGRAM, "STT", "recognize()", recognizing(_deepgram)),
    Check(DEEPGRAM, "STT", "live", streaming(_deepgram)),
    Check(DEEPGRAM, "STTv2", "live, Flux", streaming(_flux)),
    Check(DEEPGRAM, "TTS", "whole sentence", speaking(_deepgram_tts)),
    Check(DEEPGRAM, "TTS", "WebSocket, by word", speaking_stream(_deepgram_tts)),
]

if __name__ == "__main__":
    main(CHECKS)
