"""A session in virtual time waits for its worker, whatever the machine does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.virtual_time import CORES, Clock, VirtualEngine, VirtualPool, stream
from common.config import load_config
from common.config.speech import ListeningSettings
from common.errors import Expired
from common.workers import Priority, Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest
from stt_app.core.events import InterimResult, SpeechEnded, UtteranceTranscribed
from stt_app.core.session.options import Options
from stt_app.core.whisper.requests import CAREFUL, FAST, WhisperReply, WhisperRequest
from tests.stt.sounds import LoudnessVad, silence, sound

WORK_SECONDS = 0.1


class Busy:
    """A worker that burns processor time and then says for how long it heard."""

    def __init__(self) -> None:
        self.beams: list[int] = []

    def load(self) -> dict[str, Any]:
        return {"device": "cpu", "short_window": ["en"], "multilingual": True}

    def handle(self, request: WhisperRequest) -> Iterator[WhisperReply]:
        self.beams.append(request.beam)
        until = time.process_time() + WORK_SECONDS
        while time.process_time() < until:
            pass
        text = f"{request.utterance.seconds:.1f}"
        yield WhisperReply(Transcript(text, "en", 1.0, 0.9, "busy"), short=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def busy() -> Busy:
    return Busy()


@pytest.fixture
def pool(clock: Clock, busy: Busy) -> VirtualPool:
    return VirtualPool(busy, clock)


def ask(
    pool: VirtualPool, seconds: float, urgency: Priority | Urgency
) -> asyncio.Task[WhisperReply]:
    request = WhisperRequest(TranscriptionRequest(silence(seconds), "en"))
    return asyncio.create_task(pool.call(request, urgency))


async def turn(pool: VirtualPool, clock: Clock, now: float) -> None:
    clock.now = now
    for _ in range(3):
        await asyncio.sleep(0)
        pool.work()


async def test_an_answer_takes_its_processor_time(
    pool: VirtualPool, clock: Clock
) -> None:
    answer = ask(pool, 1, Priority.FINAL)
    await turn(pool, clock, 0.01)
    await turn(pool, clock, 0.9 * WORK_SECONDS / CORES)
    assert not answer.done()
    await turn(pool, clock, 2.0)
    await asyncio.sleep(0)
    assert answer.result().transcript.text == "1.0"
    (decoded,) = pool.decoded
    assert decoded.seconds >= WORK_SECONDS


async def test_what_is_wanted_first_overtakes_what_waits(
    pool: VirtualPool, clock: Clock
) -> None:
    asked = [
        ask(pool, 1, Priority.SPECULATIVE),
        ask(pool, 2, Priority.INTERIM),
        ask(pool, 3, Priority.FINAL),
    ]
    await asyncio.sleep(0)
    asked[0].cancel()
    await turn(pool, clock, 1.0)
    await turn(pool, clock, 2.0)
    assert [each.priority for each in pool.decoded] == [
        Priority.FINAL,
        Priority.INTERIM,
    ]


async def test_what_waits_past_its_deadline_is_refused(
    pool: VirtualPool, clock: Clock
) -> None:
    first = ask(pool, 1, Priority.FINAL)
    late = ask(pool, 1, Urgency(Priority.INTERIM, deadline=0.001))
    await turn(pool, clock, 1.0)
    await turn(pool, clock, 2.0)
    await first
    with pytest.raises(Expired):
        await late
    assert len(pool.decoded) == 1


async def test_a_file_is_heard_with_a_wider_beam(
    pool: VirtualPool, clock: Clock, busy: Busy
) -> None:
    engine = VirtualEngine(load_config({}).config, pool)
    asked = [
        asyncio.create_task(
            engine.transcribe(TranscriptionRequest(silence(1), "en"), Urgency(priority))
        )
        for priority in (Priority.FINAL, Priority.FILE)
    ]
    for second in range(4):
        await turn(pool, clock, second)
    assert {each.done() for each in asked} == {True}
    assert busy.beams == [FAST, CAREFUL]


async def test_a_session_hears_a_stream_in_virtual_time(
    pool: VirtualPool, clock: Clock
) -> None:
    engine = VirtualEngine(load_config({}).config, pool)
    samples, options = sound(-0.5, 1, -1.5), Options(interim_results=True)
    began = time.perf_counter()
    told = await stream(
        engine, pool, clock, LoudnessVad(), samples, options, ListeningSettings()
    )
    assert time.perf_counter() - began < clock.now
    ((decided_at, ended),) = told.of(SpeechEnded)
    finals = [(at, each) for at, each in told.of(UtteranceTranscribed) if each.text]
    assert ended.speech_end_sample == pytest.approx(24_000, abs=800)
    assert [at for at, _ in finals] == [decided_at]
    assert told.of(InterimResult)
    assert {each.priority for each in told.decoded} == {
        Priority.SPECULATIVE,
        Priority.INTERIM,
    }
