"""A spoken conversation of a client: questions in real time, answers as audio.

Where the client can call a function, the language model is made to call `weather`.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr

from benchmarks.client_scripts.checks import CHUNK_MS, RATE_HZ, Clip

TALK_RATE_HZ = 24_000
_CHUNK_BYTES = TALK_RATE_HZ * CHUNK_MS // 1000 * 2
_LONGEST_ANSWER_SECONDS = 30.0
_HEARD_SECONDS = 0.2
"""An answer has at least this much audio."""
CITIES = ["Berlin", "London", "Madrid", "Paris", "Rome"]
WEATHER: dict[str, Any] = {
    "name": "weather",
    "description": "Tells the weather in a city today.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": CITIES}},
        "required": ["city"],
    },
}


@dataclass
class Answers:
    """The audio of the current answer, and when its first byte came."""

    pcm: bytearray = field(default_factory=bytearray)
    first_at: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        self.pcm.clear()
        self.first_at = 0.0
        self.over.clear()

    def add(self, audio: bytes) -> None:
        if audio and not self.pcm:
            self.first_at = time.perf_counter()
        self.pcm += audio

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / TALK_RATE_HZ


class Weather:
    """The function, and how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    def tell(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result. Raises RuntimeError for arguments that are not those asked for."""
        if arguments.get("city") not in CITIES:
            raise RuntimeError(f"called with {dict(arguments)}")
        self.calls += 1
        return {"weather": "sunny", "celsius": 21}

    def told(self, says: str, questions: int) -> str:
        """With the calls. Raises RuntimeError if a question has led to none."""
        if self.calls < questions:
            raise RuntimeError(f"{self.calls} calls for {questions} questions")
        return f"{says}, {self.calls} calls"


async def converse(
    clips: Sequence[Clip],
    send: Callable[[bytes], Coroutine[None, None, None]],
    answers: Answers,
) -> str:
    """Ask each recording, PCM16 at 24 kHz in real time and then silence, and hear its
    answer to the end. Says how that went; raises if a question has no answer."""
    waits = []
    for number, clip in enumerate(clips, start=1):
        answers.begin()
        ended = await _ask(clip, send, answers)
        if answers.seconds < _HEARD_SECONDS:
            raise RuntimeError(f"question {number} has no answer")
        waits.append(answers.first_at - ended)
    median_ms = 1000 * statistics.median(waits)
    return f"{len(waits)} spoken questions answered aloud, first audio after {median_ms:.0f} ms"


async def _ask(
    clip: Clip, send: Callable[[bytes], Coroutine[None, None, None]], answers: Answers
) -> float:
    """The moment at which its speech ended."""
    pcm = _at_24_khz(clip.pcm)
    began = due = time.perf_counter()
    ended = began + clip.speech_end_seconds
    place = 0
    while not answers.over.is_set() or not answers.first_at:
        due += CHUNK_MS / 1000
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        piece = pcm[place : place + _CHUNK_BYTES]
        place += _CHUNK_BYTES
        await send(piece.ljust(_CHUNK_BYTES, b"\0"))
        if time.perf_counter() > ended + _LONGEST_ANSWER_SECONDS:
            break
    await _listen_to_the_end(send, answers)
    return ended


async def _listen_to_the_end(
    send: Callable[[bytes], Coroutine[None, None, None]], answers: Answers
) -> None:
    """Silence for as long as the answer plays."""
    until = answers.first_at + answers.seconds + 0.5
    while time.perf_counter() < until:
        await send(bytes(_CHUNK_BYTES))
        await asyncio.sleep(CHUNK_MS / 1000)


def _at_24_khz(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, "<i2")
    return bytes(soxr.resample(samples, RATE_HZ, TALK_RATE_HZ).tobytes())
