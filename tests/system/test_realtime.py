"""Speech sent with the openai library to `/v1/realtime` comes back as its words, or is
answered aloud."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI

from common.audio import Audio, float_to_pcm16, pcm16_to_float, read_wav
from tests.clients import speak
from tests.compat.realtime.sdk_types import check_event
from tests.server_process import RunningServer
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

RATE_HZ = 24_000
CHUNK = RATE_HZ // 20 * 2
SENTENCES = (
    "The quick brown fox jumps over the lazy dog near the river bank.",
    "The evening train took them from the city to the mountains.",
)
QUESTION = "What is the capital of France?"
COMPLETED = "conversation.item.input_audio_transcription.completed"
SECONDS = 60.0
MOST_ERRORS = 0.1


async def spoken(url: str) -> list[Audio]:
    """Each sentence, at 24 kHz, with a second of silence after it."""
    clips = []
    for sentence in SENTENCES:
        answer = await speak(url, text=sentence, llm=False, format="wav")
        samples = read_wav(answer.body).resampled(RATE_HZ).samples
        silence = np.zeros(RATE_HZ, np.float32)
        clips.append(Audio(np.concatenate([samples, silence]), RATE_HZ))
    return clips


async def append(connection: Any, clip: Audio) -> None:
    audio = float_to_pcm16(clip.samples)
    for start in range(0, len(audio), CHUNK):
        encoded = base64.b64encode(audio[start : start + CHUNK]).decode()
        await connection.input_audio_buffer.append(audio=encoded)


async def completed(connection: Any, count: int) -> list[Any]:
    """Every event up to so many transcripts."""
    events: list[Any] = []
    async with asyncio.timeout(SECONDS):
        while [each.type for each in events].count(COMPLETED) < count:
            events.append(await connection.recv())
            check_event(events[-1].to_dict())
    return events


@pytest.mark.parametrize("turns", [True, False], ids=["turns", "commits"])
async def test_it_hears_what_piper_says(server: RunningServer, turns: bool) -> None:
    clips = await spoken(server.url)
    given: dict[str, Any] = {"transcription": {"model": "whisper-1", "language": "en"}}
    if not turns:
        given["turn_detection"] = None
    async with (
        AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client,
        client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
    ):
        session: Any = {"type": "transcription", "audio": {"input": given}}
        await connection.session.update(session=session)
        for clip in clips:
            await append(connection, clip)
        if not turns:
            await connection.input_audio_buffer.commit()
        events = await completed(connection, len(clips) if turns else 1)
    heard = " ".join(each.transcript for each in events if each.type == COMPLETED)
    assert word_error_rate([(" ".join(SENTENCES), heard)]) <= MOST_ERRORS, heard
    told: dict[str, str] = {}
    for event in events:
        if event.type.endswith(".delta"):
            told[event.item_id] = told.get(event.item_id, "") + event.delta
    assert word_error_rate([(heard, " ".join(told.values()))]) <= MOST_ERRORS, told


async def test_a_spoken_question_is_answered_aloud(server: RunningServer) -> None:
    said = await speak(server.url, text=QUESTION, llm=False, format="wav")
    clip = read_wav(said.body).resampled(RATE_HZ)
    silence = np.zeros(3 * RATE_HZ, np.float32)
    events: list[Any] = []
    async with (
        AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client,
        client.realtime.connect(model="gpt-realtime") as connection,
        asyncio.timeout(SECONDS),
    ):
        clip = Audio(np.concatenate([clip.samples, silence]), RATE_HZ)
        await append(connection, clip)
        while not events or events[-1].type != "response.done":
            events.append(await connection.recv())
            check_event(events[-1].to_dict())
    by_type = {each.type: each for each in events}
    heard = by_type[COMPLETED]
    assert word_error_rate([(QUESTION, heard.transcript)]) <= 0.2, heard.transcript
    response = events[-1].response
    # The small model does not always stop before its limit.
    assert response.status in ("completed", "incomplete")
    assert response.output[0].content[0].transcript
    audio = [e.delta for e in events if e.type == "response.output_audio.delta"]
    samples = pcm16_to_float(b"".join(map(base64.b64decode, audio)))
    assert np.abs(samples).max() > 0.05
    assert len(samples) > RATE_HZ // 4
