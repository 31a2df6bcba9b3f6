"""An application on fakes that hears loud tones as speech."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.fake_services import FakeServices
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessVad


@pytest.fixture
def stt() -> FakeStt:
    return FakeStt(["Hello there.", "Good bye."])


@pytest.fixture
def changes() -> dict[str, Any]:
    """Settings; a test module or a parameter may change them."""
    return {}


@pytest.fixture
async def services(
    make_services: Callable[..., FakeServices], stt: FakeStt, changes: dict[str, Any]
) -> AsyncIterator[FakeServices]:
    made = make_services(
        stt=stt, vad=LoudnessVad(), **{"engine_isolation": "thread", **changes}
    )
    yield made
    await made.listening.stop()
