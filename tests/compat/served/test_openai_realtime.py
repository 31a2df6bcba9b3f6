"""The openai library's Realtime client against a real server.

openai 3.54 works with websockets 17: `connect` only needs `websockets.asyncio.client`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI
from websockets.exceptions import ConnectionClosed

from common.audio import Samples, float_to_pcm16
from tests.compat.realtime.sdk_types import check_event
from tests.server_process import RunningServer

pytestmark = pytest.mark.server

RATE_HZ = 24_000
CHUNK = RATE_HZ // 20 * 2
TURNS = {"type": "server_vad", "threshold": 0.05, "silence_duration_ms": 300}
"""A threshold that a buzz reaches."""
SECONDS = 30.0


def buzz(seconds: float) -> Samples:
    """A voice without words: a wavering tone of 120 Hz with the formants of an `a`."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    wavering = 120 * (1 + 0.05 * np.sin(2 * np.pi * 4 * times))
    phase = 2 * np.pi * np.cumsum(wavering) / RATE_HZ
    formants = ((1.0, 700, 120), (0.6, 1_200, 150), (0.3, 2_600, 200))
    voice = sum(
        sum(
            loud * np.exp(-(((120 * k - hz) / wide) ** 2))
            for loud, hz, wide in formants
        )
        * np.sin(k * phase)
        for k in range(1, 30)
    )
    shaped = voice * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * times))
    return np.asarray(0.3 * shaped / np.abs(shaped).max(), np.float32)


def spoken(*parts: float) -> bytes:
    """Seconds of a voice, or of silence if negative, as PCM16 at 24 kHz."""
    pieces = [
        buzz(part) if part > 0 else np.zeros(int(-part * RATE_HZ), np.float32)
        for part in parts
    ]
    return float_to_pcm16(np.concatenate(pieces))


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        yield client


async def append(connection: Any, audio: bytes) -> None:
    for start in range(0, len(audio), CHUNK):
        encoded = base64.b64encode(audio[start : start + CHUNK]).decode()
        await connection.input_audio_buffer.append(audio=encoded)


def session(**given: Any) -> Any:
    return {"type": "transcription", "audio": {"input": given}}


async def events_until(connection: Any, kind: str) -> list[Any]:
    """Every event up to one of this kind, each checked again and more strictly."""
    events: list[Any] = []
    async with asyncio.timeout(SECONDS):
        while not events or events[-1].type != kind:
            events.append(await connection.recv())
            check_event(events[-1].to_dict())
    return events


COMPLETED = "conversation.item.input_audio_transcription.completed"


async def test_it_transcribes_turns(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(extra_query={"intent": "transcription"}) as it:
        (created,) = await events_until(it, "session.created")
        assert created.session.type == "transcription"
        given = {"model": "gpt-4o-transcribe", "language": "en"}
        await it.session.update(
            session=session(transcription=given, turn_detection=TURNS)
        )
        (updated,) = await events_until(it, "session.updated")
        turns = updated.session.audio.input.turn_detection
        assert (turns.silence_duration_ms, turns.prefix_padding_ms) == (300, 300)
        await append(it, spoken(-0.5, 1, -1))
        events = await events_until(it, COMPLETED)
    assert (events[-1].transcript, events[-1].usage.type) == ("fake", "duration")
    assert [each.code for each in events[-1].languages] == ["en"]
    names = [event.type for event in events]
    assert names.index("input_audio_buffer.speech_started") == 0
    assert len({each.item_id for each in events if hasattr(each, "item_id")}) == 1


async def test_it_commits_and_clears(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="gpt-realtime") as it:
        await it.session.update(session=session(turn_detection=None))
        await events_until(it, "session.updated")
        await append(it, spoken(-0.5))
        await it.input_audio_buffer.clear()
        await events_until(it, "input_audio_buffer.cleared")
        await it.input_audio_buffer.commit(event_id="mine")
        (error,) = await events_until(it, "error")
        assert error.error.code == "input_audio_buffer_commit_empty"
        assert error.error.event_id == "mine"
        await append(it, spoken(-0.5))
        await it.input_audio_buffer.commit()
        events = await events_until(it, COMPLETED)
    assert [event.type for event in events[:-1]] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert events[-1].usage.seconds == 0.5


async def test_a_large_message_is_too_much(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(extra_query={"intent": "transcription"}) as it:
        audio = base64.b64encode(bytes(800_000)).decode()
        with pytest.raises(ConnectionClosed) as caught:
            await it.input_audio_buffer.append(audio=audio)
            await it.input_audio_buffer.append(audio=audio)
            async with asyncio.timeout(SECONDS):
                while (event := await it.recv()).type != "error":
                    pass
                assert event.error.code == "too_large"
                await it.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4413
