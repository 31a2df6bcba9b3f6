"""Somebody who speaks to a session in real time, by a clock that the test turns."""

from __future__ import annotations

import asyncio
from typing import Any

from common.workers import Priority, Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest
from stt_app.core.session.options import Options
from tests.fakes import FakeStt
from tests.stt.listening import Listening
from tests.stt.sounds import pcm

FRAME_SECONDS = 0.02


class AskedStt(FakeStt):
    """Answers with the length of what it hears, and keeps how urgent it was."""

    def __init__(self, *, seconds: float = 0.0, fails: Exception | None = None) -> None:
        super().__init__(seconds=seconds)
        self.urgencies: list[Urgency] = []
        self.answered = 0
        self.given_up = 0
        self._free = asyncio.Event()
        self._free.set()
        self._fails = fails

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        self.urgencies.append(urgency)
        first_priority = self.urgencies[-1].priority
        if self._fails is not None and first_priority is not Priority.FINAL:
            raise self._fails
        try:
            found = await super().transcribe(request, urgency)
            await self._free.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        self.answered += 1
        words = " ".join(f"w{n}" for n in range(int(request.seconds * 4)))
        return Transcript(words, found.language, 1.0, 0.9, self.model_name)

    def hold(self) -> None:
        """Give no answer until it is released."""
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    @property
    def priorities(self) -> list[Priority]:
        return [each.priority for each in self.urgencies]


class Time:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def speak(listening: Listening, time: Time, *parts: Any) -> None:
    """Real time, by the test's clock."""
    audio = pcm(*parts)
    step = int(FRAME_SECONDS * 32_000)
    for start in range(0, len(audio), step):
        time.now += FRAME_SECONDS
        listening.session.feed(audio[start : start + step])
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def listening_to(
    engine: FakeStt, time: Time, options: Options | None = None, **changes: Any
) -> Listening:
    changes = {"speculative_pause_seconds": 0.12, **changes}
    return Listening(engine, options, time, **changes)


INTERIM = Options(interim_results=True)
