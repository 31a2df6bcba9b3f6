"""A sentence spoken over Wyoming is heard over Wyoming, as Home Assistant does both."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop

from common.audio import SPEECH_RATE_HZ, Audio, float_to_pcm16, pcm16_to_float
from tests.compat.wyoming.talking import Talk
from tests.server_process import RunningServer
from tests.word_errors import word_error_rate

pytestmark = [pytest.mark.model, pytest.mark.server]

SENTENCE = "Please turn on the light in the kitchen and close the door."
CHUNK_BYTES = 2_048
MOST_ERRORS = 0.2
"""Two words of the sentence."""
LONGEST_SECONDS = 20.0


async def spoken(port: int) -> Audio:
    """The sentence in pieces, as a language model writes it."""
    async with Talk(port) as client:
        await client.say(SynthesizeStart())
        for word in SENTENCE.split():
            await client.say(SynthesizeChunk(f"{word} "))
        await client.say(SynthesizeStop())
        start, *events = await client.until("synthesize-stopped")
    assert start.type == "audio-start"
    pcm = b"".join(event.payload or b"" for event in events)
    return Audio(pcm16_to_float(pcm), start.data["rate"])


async def speak_into(client: Talk, audio: Audio) -> None:
    """In real time, and then silence without end."""
    silence = np.zeros(int(LONGEST_SECONDS * SPEECH_RATE_HZ), np.float32)
    pcm = float_to_pcm16(np.concatenate([audio.samples, silence]))
    due = time.monotonic()
    for start in range(0, len(pcm), CHUNK_BYTES):
        due += CHUNK_BYTES / 2 / SPEECH_RATE_HZ
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        piece = pcm[start : start + CHUNK_BYTES]
        await client.say(AudioChunk(SPEECH_RATE_HZ, 2, 1, piece))


async def test_what_it_says_is_what_it_hears(server: RunningServer) -> None:
    audio = (await spoken(server.wyoming_port)).resampled(SPEECH_RATE_HZ)
    async with Talk(server.wyoming_port) as client:
        await client.say(Transcribe(language="en"), AudioStart(SPEECH_RATE_HZ, 2, 1))
        began = time.monotonic()
        speaking = asyncio.create_task(speak_into(client, audio))
        client.read_timeout = LONGEST_SECONDS
        text = await client.transcript()
        waited = time.monotonic() - began - audio.seconds
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    assert word_error_rate([(SENTENCE, text)]) <= MOST_ERRORS, text
    assert waited < LONGEST_SECONDS / 2
