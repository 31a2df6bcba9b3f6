"""The fakes as engines that `stt_engine` and `tts_engine` can name."""

from __future__ import annotations

from typing import Any

from common.errors import EngineFailed
from tests.fakes import FakeStt, FakeTts


class Stt(FakeStt):
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
