"""How far a stream has come, and who serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stt_app.core.events import SessionEvent, UtteranceTranscribed
from stt_app.core.session.settings import Start
from stt_app.resume.checkpoints import Checkpoint, MemoryCheckpoints
from stt_app.resume.streams import Stream
from tests.contracts.checkpoints import SOME, CheckpointsContract


class TestMemoryCheckpoints(CheckpointsContract):
    @pytest.fixture
    def kept(self) -> MemoryCheckpoints:
        return MemoryCheckpoints(60)


async def test_it_forgets_what_nobody_has_touched_for_too_long() -> None:
    now = 0.0
    kept = MemoryCheckpoints(60, lambda: now)
    await kept.save("old", "first", SOME)
    now = 50.0
    await kept.save("young", "first", SOME)
    now = 61.0
    assert await kept.claim("old", "second", "anonymous") is None
    assert await kept.claim("young", "second", "anonymous") == SOME


async def test_an_utterance_counts_as_soon_as_its_text_was_sent() -> None:
    kept = MemoryCheckpoints(60)
    start = Start(resume_token="token")
    stream = Stream(kept, "first", Checkpoint("session"), start)

    async def events() -> AsyncIterator[SessionEvent]:
        yield UtteranceTranscribed(1, 8_000, 24_000, "One.")
        yield UtteranceTranscribed(2, 24_000, 32_000, "")

    assert len([event async for event in stream.watching(events())]) == 2
    assert await kept.claim("token", "second", "") == Checkpoint(
        "session", 0, 1, (1.5,)
    )


def test_it_counts_utterances() -> None:
    point = Checkpoint("s").with_utterance(1, 2.0).with_utterance(2, 4.5)
    assert (point.utterances, point.ends) == (2, (2.0, 4.5))


@pytest.mark.parametrize(
    ("seconds", "utterances"), [(0, 0), (1.9, 0), (2.0, 1), (9, 2), (11.0, 3), (30, 3)]
)
def test_it_goes_back_to_what_the_client_has_got(
    seconds: float, utterances: int
) -> None:
    point = SOME.at(seconds)
    assert (point.audio_seconds, point.utterances) == (seconds, utterances)
    assert len(point.ends) == utterances
    assert point.session_id == "session"


def test_it_stays_where_it_is_when_the_client_does_not_say() -> None:
    assert SOME.at(None) == SOME


def test_it_keeps_so_many_ends_only() -> None:
    point = Checkpoint("s")
    for number in range(1, 200):
        point = point.with_utterance(number, float(number))
    assert len(point.ends) == 64
    assert point.at(190.0).utterances == 190
