"""An engine and a voice detector for golden sessions.

They name no class of the server's, so they survive its modules being moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from common.audio import rms
from common.workers import Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest
from tests.fakes import FakeStt

PARTIAL_INTERVAL_SECONDS = 0.1

_LETTERS_A_SECOND = 20
_READ = (
    "It is a truth universally acknowledged, that a single man in possession of a "
    "good fortune, must be in want of a wife. However little known the feelings or "
    "views of such a man may be on his first entering a neighbourhood, this truth "
    "is so well fixed in the minds of the surrounding families, that he is "
    "considered as the rightful property of some one or other of their daughters."
)


class HeldStt(FakeStt):
    """Between `hold` and `release` it gives no answer."""

    def __init__(self, script: Sequence[str | Exception] = ()) -> None:
        super().__init__(script)
        self.asked = 0
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        self.asked += 1
        await self._free.wait()
        return await super().transcribe(request, urgency)


class ReadingStt(HeldStt):
    """Hears somebody who reads a novel aloud, twenty letters a second.

    How far a text goes says how much audio the engine was given.
    """

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        found = await super().transcribe(request, urgency)
        read = _READ[: int(request.seconds * _LETTERS_A_SECOND)]
        return replace(found, text=read.strip())


class LevelVad:
    """A VadModel for which loudness is how probable speech is.

    Ordinary speech of these tests gives 0.85, speech at a third of it 0.28.
    """

    def detector(self, silence_rms_threshold: float) -> LevelVad:
        return self

    def probability(self, frame: Any) -> float:
        return min(1.0, 4 * rms(frame))
