"""The official OpenAI SDK for Python."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

from openai import AsyncOpenAI, OpenAI
from openai.types.realtime import (
    ConversationItemInputAudioTranscriptionCompletedEvent as Completed,
)

from benchmarks.client_scripts.checks import (
    KEY,
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


def sdk(task: Task) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{task.url}/v1", api_key=KEY, max_retries=0)


def transcribe(**options: Any) -> Callable[[Task], Any]:
    """With the client that blocks."""

    def sync(task: Task) -> Heard:
        heard = Heard()
        with OpenAI(base_url=f"{task.url}/v1", api_key=KEY, max_retries=0) as client:
            for clip in task.clips:
                began = time.perf_counter()
                answer = client.audio.transcriptions.create(
                    file=("clip.wav", wav(clip.pcm)), language="en", **options
                )
                text = answer if isinstance(answer, str) else answer.text
                heard.add(text, time.perf_counter() - began)
        return heard

    async def run(task: Task) -> Heard:
        return await asyncio.to_thread(sync, task)

    return run


async def words(task: Task) -> Heard:
    """The text as the timed words have it; they must lie in the recording."""
    heard = Heard()
    async with sdk(task) as client:
        for clip in task.clips:
            began = time.perf_counter()
            answer = await client.audio.transcriptions.create(
                file=("clip.wav", wav(clip.pcm)),
                model="whisper-1",
                response_format="verbose_json",
                timestamp_granularities=["word"],
            )
            assert answer.words
            assert 0 < answer.words[-1].end < clip.speech_end_seconds + 0.5
            text = " ".join(word.word for word in answer.words)
            heard.add(text, time.perf_counter() - began)
    return heard


async def streamed(task: Task) -> Heard:
    heard = Heard()
    async with sdk(task) as client:
        for clip in task.clips:
            began = time.perf_counter()
            events = await client.audio.transcriptions.create(
                file=("clip.wav", wav(clip.pcm)),
                model="gpt-4o-mini-transcribe",
                stream=True,
            )
            deltas, done = "", ""
            async for event in events:
                if event.type == "transcript.text.delta":
                    deltas += event.delta
                elif event.type == "transcript.text.done":
                    done = event.text
            assert deltas == done, (deltas, done)
            heard.add(done, time.perf_counter() - began)
    return heard


async def realtime(task: Task) -> Heard:
    heard = Heard()
    async with sdk(task) as client:
        for clip in task.clips:
            heard.add(*await _realtime(client, clip))
    return heard


async def _realtime(client: AsyncOpenAI, clip: Clip) -> tuple[str, float]:
    texts = Texts()
    transcription = {"model": "gpt-4o-mini-transcribe", "language": "en"}
    audio_input: Any = {
        "format": {"type": "audio/pcm", "rate": SPEECH_RATE_HZ},
        "transcription": transcription,
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
    }
    query = {"intent": "transcription"}
    async with client.realtime.connect(extra_query=query) as connection:
        await connection.session.update(
            session={"type": "transcription", "audio": {"input": audio_input}}
        )

        async def listen() -> None:
            async for event in connection:
                assert event.type != "error", event
                if isinstance(event, Completed):
                    texts.add(event.transcript)

        async def send(pcm: bytes) -> None:
            audio = base64.b64encode(_at_24_khz(pcm)).decode()
            await connection.input_audio_buffer.append(audio=audio)

        listening = asyncio.create_task(listen())
        ended = await play(clip, send, texts)
        listening.cancel()
        await asyncio.wait([listening])
        if not listening.cancelled():
            listening.result()
    return texts.text, texts.last_at - ended


def _at_24_khz(pcm: bytes) -> bytes:
    """Three samples for two, by the nearest value: enough for a check."""
    samples = memoryview(pcm).cast("h")
    many = len(samples) * 3 // 2
    return b"".join(
        samples[place * 2 // 3].to_bytes(2, "little", signed=True)
        for place in range(many)
    )


async def speak(task: Task) -> Spoken:
    async with sdk(task) as client:
        audio = Audio()
        async with client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=task.sentence, response_format="pcm"
        ) as response:
            async for part in response.iter_bytes():
                audio.add(part)
    return audio.spoken(SPEECH_RATE_HZ)


CHECKS = [
    Check(
        "openai", "transcriptions", "WAV in, JSON out", transcribe(model="whisper-1")
    ),
    Check(
        "openai",
        "transcriptions",
        "the same as plain text",
        transcribe(model="gpt-4o-transcribe", response_format="text"),
    ),
    Check("openai", "transcriptions, async", "timed words", words),
    Check("openai", "transcriptions, async", "streamed", streamed),
    Check("openai", "realtime, async", "live, server VAD", realtime),
    Check("openai", "speech, async", "streamed PCM", speak),
]

if __name__ == "__main__":
    main(CHECKS)
