"""Several servers: the least loaded one is asked, and another one when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from common.engine import PartState
from common.errors import EngineFailed, Overloaded
from common.workers import Priority, Urgency
from stt_app.core.remote.engine import RemoteStt
from tests.servers.audio import SAID, AudioServer, error, hangs, resets
from tests.stt.remote.hearing import SECTION, SPEECH, ask
from tests.waiting import until


@pytest.fixture
def servers() -> Iterator[list[AudioServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(AudioServer()) for _ in range(2)]


@pytest.fixture
async def engine(servers: list[AudioServer]) -> Any:
    urls = [server.url for server in servers]
    running = RemoteStt(SECTION, {"urls": urls, "check_seconds": 0.05})
    await running.start()
    yield running
    await running.stop()


def counts(servers: list[AudioServer]) -> list[int]:
    return [len(server.audio_requests) for server in servers]


async def test_the_first_one_is_preferred(
    engine: RemoteStt, servers: list[AudioServer]
) -> None:
    for _ in range(3):
        await ask(engine)
    assert counts(servers) == [3, 0]


async def test_the_one_with_fewer_requests_is_asked(
    engine: RemoteStt, servers: list[AudioServer]
) -> None:
    servers[0].script = [hangs]
    urgency = Urgency(Priority.FINAL)
    waiting = asyncio.create_task(engine.transcribe(SPEECH, urgency))
    await until(lambda: counts(servers) == [1, 0])
    assert (await ask(engine)).text == SAID
    assert counts(servers) == [1, 1]
    urgency.give_up()
    await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize(
    "broken", [error(500, "Oops."), resets, error(503, "Full."), error(429, "Full.")]
)
async def test_another_one_is_asked_when_one_fails(
    engine: RemoteStt, servers: list[AudioServer], broken: Any
) -> None:
    servers[0].script = [broken]
    assert (await ask(engine)).text == SAID
    assert counts(servers) == [1, 1]
    # The one that failed rests for a while.
    assert (await ask(engine)).text == SAID
    assert counts(servers) == [1, 2]


async def test_when_all_are_overloaded_the_caller_is_told(
    engine: RemoteStt, servers: list[AudioServer]
) -> None:
    for server in servers:
        server.script = [error(503, "Full.", retry_after="3")]
    with pytest.raises(Overloaded) as refused:
        await ask(engine)
    assert refused.value.retry_after_seconds == 3.0
    assert counts(servers) == [1, 1]


async def test_one_that_is_down_is_left_alone_and_shown(
    engine: RemoteStt, servers: list[AudioServer]
) -> None:
    servers[0].vanish()
    await until(lambda: engine.health().state is PartState.DEGRADED)
    health = engine.health()
    assert health.ok
    assert "cannot be reached" in health.summary
    assert f"{servers[1].url}/v1 answers" in health.summary
    assert (await ask(engine)).text == SAID
    assert counts(servers) == [0, 1]
    servers[0].listen()
    await until(lambda: engine.health().state is PartState.READY)


async def test_without_any_it_fails_at_once_until_one_comes_back(
    engine: RemoteStt, servers: list[AudioServer]
) -> None:
    for server in servers:
        server.vanish()
    await until(lambda: engine.health().state is PartState.DOWN)
    with pytest.raises(EngineFailed, match="cannot be reached"):
        await ask(engine)
    servers[1].listen()
    await until(lambda: engine.health().ok)
    assert (await ask(engine)).text == SAID


async def test_a_password_in_an_address_is_used_and_not_shown(
    servers: list[AudioServer],
) -> None:
    url = servers[0].url.replace("http://", "http://me:sesame@")
    engine = RemoteStt(SECTION, {"url": url})
    await engine.start()
    try:
        assert (await ask(engine)).text == SAID
        assert "sesame" not in str(engine.health())
    finally:
        await engine.stop()
    (request,) = servers[0].audio_requests
    assert request.headers["authorization"].startswith("Basic ")
