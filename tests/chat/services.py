"""Services that answer what they hear, on fakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.fake_services import NO_INTERIM, FakeServices, fake_services
from tests.fakes import FakeLlm, FakeStt
from tests.stt.sounds import LoudnessVad

ANSWER = "Paris is the capital."
Talk = Callable[..., FakeServices]


def talk_services(
    script: Sequence[str | Exception] = ("what time is it",),
    llm: FakeLlm | None = None,
    **changes: Any,
) -> FakeServices:
    """Speech to text follows the script, and loud is speech; keywords that are settings
    change the configuration."""
    return fake_services(
        stt=FakeStt(script),
        llm=llm or FakeLlm(["Paris is ", "the capital."]),
        vad=LoudnessVad(),
        **{**NO_INTERIM, **changes},
    )
