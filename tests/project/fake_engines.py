"""The fakes as engines that `stt_engine` and `tts_engine` can name."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

from common.engine import PartHealth, PartState
from common.errors import EngineFailed
from stt_app.core.engine import Transcript, TranscriptionRequest
from tests.fakes import FakeLlm, FakeStt, FakeTts


class Stt(FakeStt):
    def __init__(self, _config: Any, _options: Any) -> None:
        super().__init__()


class BrokenStt(Stt):
    """Has a mistake."""

    async def start(self) -> None:
        raise ZeroDivisionError("division by zero")


class UnreadableStt(Stt):
    """Opens a file that is not there."""

    async def start(self) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "/no/such/model.bin")


class SlowStt(Stt):
    """Loads until the file that its options name exists."""

    def __init__(self, config: Any, options: Any) -> None:
        super().__init__(config, options)
        self._until = Path(options["until"])

    async def start(self) -> None:
        while not self._until.exists():  # noqa: ASYNC110 - from outside
            await asyncio.sleep(0.05)
        await super().start()

    def health(self) -> PartHealth:
        if self.started:
            return super().health()
        return PartHealth(PartState.LOADING, "fake, loading")


class MeasuringStt(Stt):
    """Hears how long somebody spoke."""

    async def _answer(self, request: TranscriptionRequest) -> Transcript:
        self._script = [f"I spoke for {request.seconds:.1f} seconds."]
        return await super()._answer(request)


class Llm(FakeLlm):
    def __init__(self, _config: Any, _options: Any) -> None:
        super().__init__()


class Tts(FakeTts):
    def __init__(self, _config: Any, _options: Any) -> None:
        super().__init__()


class EndlessTts(FakeTts):
    """Speaks so slowly that a long text becomes hundreds of megabytes."""

    SECONDS_PER_CHARACTER = 1.0

    def __init__(self, _config: Any, _options: Any) -> None:
        super().__init__()


class BrokenTts(Tts):
    async def start(self) -> None:
        raise EngineFailed("The voice is missing: run `manage.py voices download x`.")
