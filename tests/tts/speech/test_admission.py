"""A few requests are spoken at a time, a bounded queue waits, the rest are told when to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from common.errors import TooMany, Unavailable
from common.workers.turns import Caller, work_for
from tests.fake_services import FakeServices
from tests.fakes import FakeTts
from tests.waiting import until
from tts_app.core.speech.admission import Admission
from tts_app.speech_request import SpeechRequest
from voiceproject.asgi import build_application

PATIENCE_SECONDS = 30.0
TEXT = {"text": "Hello over there.", "llm": False}


async def test_it_lets_no_more_than_its_limit_work() -> None:
    admission = Admission(limit=2, queue_limit=10)
    most = 0

    async def work() -> None:
        nonlocal most
        async with admission.place(PATIENCE_SECONDS):
            most = max(most, admission.running)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(work() for _ in range(8)))
    assert most == 2
    assert (admission.running, admission.waiting) == (0, 0)


async def test_it_serves_who_came_first() -> None:
    admission = Admission(limit=1, queue_limit=10)
    served: list[int] = []

    async def work(number: int) -> None:
        async with admission.place(PATIENCE_SECONDS):
            served.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(number) for number in range(5)))
    assert served == [0, 1, 2, 3, 4]


async def test_a_caller_with_many_requests_lets_others_have_their_turn() -> None:
    admission = Admission(limit=1, queue_limit=4)
    served: list[str] = []

    async def work(name: str) -> None:
        work_for(Caller(name))
        try:
            async with admission.place(PATIENCE_SECONDS):
                served.append(name)
                await asyncio.sleep(0.01)
        except TooMany:
            served.append(f"{name} refused")

    names = [*["greedy"] * 5, "modest"]
    await asyncio.gather(*(work(name) for name in names))
    assert sorted(served[:2]) == ["greedy", "greedy refused"], "the queue was full"
    assert served[2:] == ["modest", "greedy", "greedy", "greedy"]
    assert admission.running == 0


async def test_it_turns_away_when_the_queue_is_full_and_says_when_to_come() -> None:
    admission = Admission(limit=1, queue_limit=0)
    async with admission.place(PATIENCE_SECONDS):
        with pytest.raises(TooMany) as refused:
            async with admission.place(PATIENCE_SECONDS):
                pass
    assert "tts_queue_limit" in refused.value.message
    assert refused.value.retry_after_seconds


async def test_a_place_that_does_not_come_free_in_time_is_given_up() -> None:
    admission = Admission(limit=1, queue_limit=1)
    async with admission.place(PATIENCE_SECONDS):
        with pytest.raises(Unavailable):
            async with admission.place(0.02):
                pass
        assert admission.waiting == 0


async def test_who_leaves_the_queue_takes_no_place() -> None:
    admission = Admission(limit=1, queue_limit=2)
    async with AsyncExitStack() as held:
        await held.enter_async_context(admission.place(PATIENCE_SECONDS))
        waiting = asyncio.create_task(_take(admission))
        await until(lambda: admission.waiting == 1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(_take(admission), PATIENCE_SECONDS)
    assert admission.running == 0


async def _take(admission: Admission) -> None:
    async with admission.place(PATIENCE_SECONDS):
        pass


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> FakeServices:
    """One request at a time, one that waits, and a voice that takes its time."""
    return make_services(
        tts=FakeTts(seconds=0.3), tts_max_concurrent=1, tts_queue_limit=1
    )


async def test_the_third_request_gets_429_with_retry_after(
    client: httpx.AsyncClient,
) -> None:
    answers = await asyncio.gather(*(client.post("/tts", json=TEXT) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await client.post("/tts", json=TEXT)).status_code == 200


async def test_a_request_that_takes_too_long_gets_503(
    make_services: Callable[..., FakeServices], transactional_db: None
) -> None:
    slow = make_services(tts=FakeTts(seconds=30), tts_request_timeout=0.1)
    transport = httpx.ASGITransport(build_application(slow))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        answer = await client.post("/tts", json=TEXT)
    assert answer.status_code == 503
    assert "tts_request_timeout" in answer.json()["error"]["message"]


async def test_a_client_that_hangs_up_stops_the_work_and_frees_its_place(
    services: FakeServices, transactional_db: None
) -> None:
    speech, tts = services.speech, services.tts
    opening = asyncio.create_task(speech.open(SpeechRequest("Hello there.", llm=False)))
    await until(lambda: bool(tts.said))
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await until(lambda: speech.running == 0)
    assert tts.cancelled == 1
    (record,) = services.history.records
    assert record.status == "cancelled"
