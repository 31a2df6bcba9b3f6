"""Services whose voice detector takes loud for speech."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fake_services import NO_INTERIM, FakeServices
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessVad

Listening = Callable[..., FakeServices]


@pytest.fixture
def listening(make_services: Callable[..., FakeServices]) -> Listening:
    """Makes services whose engine answers with a script, none of it to interim results."""

    def make(script: Any = (), *, seconds: float = 0.0, **changes: Any) -> FakeServices:
        quiet = {"speculative_pause_seconds": 0, **NO_INTERIM}
        changes = {**quiet, **changes}
        is_engine = isinstance(script, FakeStt)
        engine = script if is_engine else FakeStt(script, seconds=seconds)
        return make_services(stt=engine, vad=LoudnessVad(), **changes)

    return make
