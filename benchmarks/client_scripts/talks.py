"""A spoken conversation of a client: questions in real time, answers as audio."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr

from benchmarks.client_scripts.checks import CHUNK_MS, RATE_HZ, Clip

TALK_RATE_HZ = 24_000
_CHUNK_BYTES = TALK_RATE_HZ * CHUNK_MS // 1000 * 2
_LONGEST_ANSWER_SECONDS = 30.0
_HEARD_SECONDS = 0.2
"""An answer has at least this much audio."""


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
