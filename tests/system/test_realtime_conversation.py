"""A spoken question over `/v1/realtime` is heard, answered and spoken by real models."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI

from common.audio import pcm16_to_float, read_wav
from tests.clients import speak
from tests.compat.realtime.sdk_types import check_event
from tests.server_process import RunningServer
from tests.system.test_realtime import RATE_HZ, append
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

QUESTION = "What is the capital of France?"
SECONDS = 60.0


async def test_a_spoken_question_is_answered_aloud(server: RunningServer) -> None:
    said = await speak(
        server.url, text=QUESTION, llm=False, format="wav", noise_scale=0, noise_w=0
    )
    clip = read_wav(said.body).resampled(RATE_HZ)
    silence = np.zeros(3 * RATE_HZ, np.float32)
    events: list[Any] = []
    async with (
        AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client,
        client.realtime.connect(model="gpt-realtime") as connection,
        asyncio.timeout(SECONDS),
    ):
        clip = type(clip)(np.concatenate([clip.samples, silence]), RATE_HZ)
        await append(connection, clip)
        while not events or events[-1].type != "response.done":
            events.append(await connection.recv())
            check_event(events[-1].to_dict())
    by_type = {each.type: each for each in events}
    heard = by_type["conversation.item.input_audio_transcription.completed"]
    assert word_error_rate([(QUESTION, heard.transcript)]) <= 0.2, heard.transcript
    response = events[-1].response
    assert response.status == "completed"
    assert response.output[0].content[0].transcript
    audio = [e.delta for e in events if e.type == "response.output_audio.delta"]
    samples = pcm16_to_float(b"".join(map(base64.b64decode, audio)))
    assert np.abs(samples).max() > 0.05
    assert len(samples) > RATE_HZ // 4
