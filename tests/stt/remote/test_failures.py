"""What a server can do wrong to a request for a text, and what comes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from common.engine import PartState
from common.errors import EngineFailed, Expired, Overloaded
from common.workers import Priority, Urgency
from tests.llm.helpers import LONG_SECONDS, PATIENCE_SECONDS
from tests.servers.audio import (
    SAID,
    AudioServer,
    answer,
    cut_off,
    endless,
    error,
    hangs,
    raw,
    resets,
    stalls,
    write_down,
)
from tests.servers.http import (
    Behaviour,
    address_that_hangs,
    address_without_server,
)
from tests.servers.tls import self_signed
from tests.stt.remote.hearing import SOON_SECONDS, SPEECH, ask, started
from tests.waiting import until


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as running:
        yield running


@dataclass
class Case:
    """What the server does, what the engine says, and the limit that it has."""

    does: Behaviour
    says: str
    tries: int = 1
    timeout_seconds: float = LONG_SECONDS


def late(does: Behaviour) -> Case:
    """Nothing but the limit ends it."""
    return Case(does, "gave no text within 0.25 s", timeout_seconds=SOON_SECONDS)


CASES = {
    "hang before headers": late(hangs),
    "stall in the body": late(stalls(b'{"text": ')),
    "slow trickle": late(endless(b" ", "application/json", 0.01)),
    "resets again and again": Case(resets, "closed the connection", 2),
    "cut off in the body": Case(cut_off(b'{"te'), "closed the connection", 2),
    "500": Case(error(500, "The model crashed."), "answered 500: The model crash", 2),
    "502 as a page": Case(
        raw(b"<html>", content_type="text/html", status=502), "answered 502", 2
    ),
    "504": Case(error(504, ""), "answered 504"),
    "501": Case(error(501, ""), r"refused the request \(501\)"),
    "another type": Case(
        raw(b"<html>Hi", content_type="text/html"), "sent text/html that is not valid"
    ),
    "truncated JSON": Case(raw(b'{"text": "Hel'), "that is not valid JSON"),
    "deep JSON": Case(raw(b"[" * 50_000), "that is not valid JSON"),
    "JSON without text": Case(raw(b'{"txt": ""}'), "without `text`"),
    "JSON that is a list": Case(raw(b"[]"), "without `text`"),
    "huge body": Case(endless(b" " * 65_536, "application/json"), "max_response_kb"),
    "redirect": Case(raw(b"", status=307), r"refused the request \(307\)"),
    "redirect to elsewhere": Case(
        answer({}, 307, {"Location": "http://127.0.0.1:9/"}), "it redirects to"
    ),
    "401": Case(error(401, "Wrong key."), "refused the key in `key`"),
    "404 without a word": Case(error(404, ""), "check `url`"),
    "404 with one": Case(error(404, "No model `x`."), "404: No model `x`"),
    "422 of FastAPI": Case(
        raw(
            b'{"detail": [{"loc": ["body", "file"], "msg": "field required"}]}',
            status=422,
        ),
        "422: field required",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_it_says_what_the_server_did(server: AudioServer, case: Case) -> None:
    server.script = [case.does] * 3
    limits = {"timeout_seconds": case.timeout_seconds, "max_response_kb": 64}
    async with started(server.url, **limits) as engine:
        began = time.monotonic()
        with pytest.raises(EngineFailed, match=case.says) as failed:
            await ask(engine)
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert failed.value.message.startswith(f"Speech to text: {server.url}/v1 ")
        assert len(server.audio_requests) == case.tries
        # The server is well again, and so is the engine.
        server.script = []
        again = await ask(engine, urgency=Urgency(Priority.FILE))
        assert again.text == SAID
        assert engine.stats().queued == 0
        assert engine.health().state is PartState.READY


@pytest.mark.parametrize(
    "broken",
    [error(500, "Oops."), error(502, ""), resets, cut_off(b'{"text"')],
    ids=["500", "502", "reset", "cut off"],
)
async def test_it_asks_once_more_on_a_fresh_connection(
    server: AudioServer, broken: Behaviour
) -> None:
    server.script = [write_down, broken]
    async with started(server.url) as engine:
        assert (await ask(engine)).text == SAID
        assert (await ask(engine)).text == SAID
    first, failed, again = (each.connection for each in server.audio_requests)
    assert first == failed != again


@pytest.mark.parametrize("status", [429, 503])
async def test_an_overloaded_server_is_not_asked_again_at_once(
    server: AudioServer, status: int
) -> None:
    server.script = [
        error(status, "Queue full.", retry_after="7"),
        error(status, "Queue full."),
    ]
    async with started(server.url) as engine:
        for seconds in (7.0, 1.0):
            with pytest.raises(Overloaded, match="Queue full") as refused:
                await ask(engine)
            assert refused.value.retry_after_seconds == seconds
        assert len(server.audio_requests) == 2
        assert engine.health().state is PartState.READY


async def test_an_overloaded_server_past_the_deadline_means_expired(
    server: AudioServer,
) -> None:
    urgency = Urgency(Priority.INTERIM, time.monotonic() + 60)

    async def late(request: Any, reply: Any) -> None:
        urgency.deadline = 0.0
        await error(503, "Too late.")(request, reply)

    server.script = [late]
    async with started(server.url) as engine:
        with pytest.raises(Expired):
            await ask(engine, urgency=urgency)


async def test_it_does_not_ask_again_past_the_deadline(server: AudioServer) -> None:
    urgency = Urgency(Priority.INTERIM, time.monotonic() + 60)

    async def late(request: Any, reply: Any) -> None:
        urgency.deadline = 0.0
        await reply.cut()

    server.script = [late]
    async with started(server.url) as engine:
        with pytest.raises(Expired):
            await ask(engine, urgency=urgency)
    assert len(server.audio_requests) == 1


async def test_a_recording_may_wait_longer_than_live_speech(
    server: AudioServer,
) -> None:
    async def slow(request: Any, reply: Any) -> None:
        await asyncio.sleep(2 * SOON_SECONDS)
        await write_down(request, reply)

    server.script = [slow]
    async with started(server.url, timeout_seconds=SOON_SECONDS) as engine:
        assert (await ask(engine, urgency=Urgency(Priority.FILE))).text == SAID


async def test_it_waits_no_longer_than_a_second_for_a_free_connection(
    server: AudioServer,
) -> None:
    server.script = [hangs]
    async with started(server.url, max_connections=1) as engine:
        urgency = Urgency(Priority.FINAL)
        first = asyncio.create_task(ask(engine, urgency=urgency))
        await until(lambda: bool(server.audio_requests))
        began = time.monotonic()
        with pytest.raises(Overloaded, match="all its connections in use") as refused:
            await ask(engine)
        assert refused.value.retry_after_seconds == 1.0
        assert time.monotonic() - began < PATIENCE_SECONDS / 3
        urgency.give_up()
        await asyncio.gather(first, return_exceptions=True)
        assert (await ask(engine)).text == SAID


async def test_an_address_without_server_is_down_and_said_so() -> None:
    with address_without_server() as url:
        async with started(url) as engine:
            assert engine.health().state is PartState.DOWN
            assert "cannot be reached" in engine.health().summary
            with pytest.raises(EngineFailed, match="cannot be reached"):
                await ask(engine)


async def test_a_name_that_nobody_knows_is_down_and_said_so() -> None:
    async with started("http://no-such-host.invalid") as engine:
        assert engine.health().state is PartState.DOWN
        with pytest.raises(EngineFailed, match="no-such-host"):
            await ask(engine)


async def test_a_connection_that_is_never_accepted_is_given_up() -> None:
    with address_that_hangs() as url:
        async with started(url, connect_timeout_seconds=SOON_SECONDS) as engine:
            assert "did not accept a connection in time" in engine.health().summary


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path,
) -> None:
    own = self_signed(tmp_path)
    with AudioServer(tls=own.context) as server:
        async with started(server.url) as engine:
            assert engine.health().state is PartState.DOWN
            with pytest.raises(EngineFailed, match="its certificate is not valid"):
                await ask(engine)
        assert server.requests == []
        async with started(server.url, ca_file=str(own.file)) as engine:
            assert (await ask(engine)).text == SAID


async def test_a_server_that_comes_later_is_found(server: AudioServer) -> None:
    server.vanish()
    async with started(server.url, check_seconds=0.05) as engine:
        assert engine.health().state is PartState.DOWN
        server.listen()
        await until(lambda: engine.health().state is PartState.READY)
        assert (await ask(engine)).text == SAID
        assert "large" in engine.stats().offers


async def test_a_server_that_goes_is_noticed_and_found_again(
    server: AudioServer,
) -> None:
    async with started(server.url, check_seconds=0.05) as engine:
        assert (await ask(engine)).text == SAID
        server.vanish()
        with pytest.raises(EngineFailed):
            await ask(engine)
        await until(lambda: engine.health().state is PartState.DOWN)
        server.listen()
        await until(lambda: engine.health().state is PartState.READY)
        assert (await ask(engine)).text == SAID


async def test_a_failure_that_was_the_servers_fault_shows_in_its_health(
    server: AudioServer,
) -> None:
    server.script = [error(500, "No memory.")] * 2
    async with started(server.url) as engine:
        with pytest.raises(EngineFailed):
            await ask(engine)
        health = engine.health()
        assert health.state is PartState.DEGRADED
        assert "No memory" in health.summary
        await ask(engine, replace(SPEECH, language="en"))
        assert engine.health().state is PartState.READY
