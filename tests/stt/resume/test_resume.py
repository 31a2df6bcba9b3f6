"""A client that lost its connection goes on with another, and no word is lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from common.workers import Priority, Urgency
from tests.fake_services import FakeServices
from tests.fakes import FakeStt
from tests.stt.sockets import handled, next_message, opened, say, until_closed
from tests.stt.sounds import LoudnessVad, pcm
from tests.waiting import idle, until

LOST = 1006


@pytest.fixture
def listening(make_services: Callable[..., FakeServices]) -> Callable[..., Any]:
    def make(*script: str, **changes: Any) -> FakeServices:
        changes = {"speculative_pause_seconds": 0, "resume_seconds": 60, **changes}
        return make_services(stt=FakeStt(script), vad=LoudnessVad(), **changes)

    return make


@contextlib.asynccontextmanager
async def connected(
    services: Any, query: str = ""
) -> AsyncIterator[tuple[WebsocketCommunicator, dict[str, Any]]]:
    socket = opened(services, query)
    assert (await socket.connect())[0]
    yield socket, await next_message(socket)
    await socket.disconnect()


async def received(socket: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await socket.receive_json_from()
        if message["type"] == kind:
            return message


def texts(services: FakeServices) -> list[str]:
    return [record.text for record in services.history.records]


async def test_it_says_how_to_come_back(listening: Any) -> None:
    async with connected(listening()) as (_, ready):
        assert len(ready["resume_token"]) == 32
        assert "resumed" not in ready
        assert "audio_seconds" not in ready


async def test_a_lost_connection_is_taken_up_where_it_was(listening: Any) -> None:
    services = listening("one", "two as far as it was heard", "two")
    async with connected(services) as (socket, first):
        await say(socket, 1, -1)
        one = await received(socket, "transcript")
        await say(socket, 1)
        await handled(socket)
        await socket.disconnect(code=LOST)
        query = f"?resume={first['resume_token']}&audio_seconds={one['end']}"
        async with connected(services, query) as (again, ready):
            assert ready["resumed"] is True
            assert ready["audio_seconds"] == one["end"]
            assert ready["session_id"] == first["session_id"]
            assert ready["resume_token"] == first["resume_token"]
            whole = pcm(1, -1, 2, -1)
            await again.send_to(
                bytes_data=whole[int(one["end"] * 16_000) * 2 :][:65_000]
            )
            await again.send_to(
                bytes_data=whole[int(one["end"] * 16_000) * 2 + 65_000 :]
            )
            two = await received(again, "transcript")
    assert (one["utterance_id"], two["utterance_id"]) == (1, 2)
    assert two["text"] == "two"
    assert two["start"] == pytest.approx(1.7, abs=0.1)
    await services.listening.stop()
    assert texts(services) == ["one", "two"], "what was heard in between counts once"


async def test_one_who_does_not_come_back_is_kept_all_the_same(listening: Any) -> None:
    services = listening("last words", resume_seconds=0.3)
    async with connected(services) as (socket, _):
        await say(socket, 1)
        await handled(socket)
        await socket.disconnect(code=LOST)
    await until(lambda: texts(services) == ["last words"])


async def test_nothing_that_is_held_is_lost_when_the_server_stops(
    listening: Any,
) -> None:
    services = listening("last words")
    async with connected(services) as (socket, _):
        await say(socket, 1)
        await handled(socket)
        await socket.disconnect(code=LOST)
        await idle()
        assert texts(services) == [], "it is held"
        await services.listening.stop()
    assert texts(services) == ["last words"]


async def test_a_second_connection_takes_it_from_the_first(listening: Any) -> None:
    services = listening("never told")
    async with connected(services) as (socket, ready):
        await say(socket, 1)
        await handled(socket)
        async with connected(services, f"?resume={ready['resume_token']}") as (
            _,
            again,
        ):
            assert again["resumed"] is True
            (error,), code = await until_closed(socket)
            assert (error["code"], code) == ("superseded", 4409)
            await socket.disconnect()
            await idle()
            assert texts(services) == []


async def test_after_a_restart_it_goes_on_from_where_the_client_says(
    listening: Any,
) -> None:
    services = listening("on we go")
    async with connected(services, "?resume=lost&audio_seconds=41.5") as (
        socket,
        ready,
    ):
        assert ready["resumed"] is False
        assert ready["audio_seconds"] == 41.5
        assert ready["resume_token"] != "lost"
        await say(socket, -0.5, 1, -1)
        transcript = await received(socket, "transcript")
        assert transcript["start"] == pytest.approx(41.7, abs=0.1)


async def test_without_a_position_it_goes_on_from_the_last_acknowledgement(
    listening: Any,
) -> None:
    services = listening()
    async with connected(services) as (socket, ready):
        await say(socket, -5)
        acknowledged = [
            (await received(socket, "ack"))["audio_seconds"] for _ in range(2)
        ]
        await handled(socket)
        await socket.disconnect(code=LOST)
        query = f"?resume={ready['resume_token']}"
        async with connected(services, query) as (_, again):
            assert again["audio_seconds"] == acknowledged[-1]


async def test_one_who_said_goodbye_cannot_come_back(listening: Any) -> None:
    services = listening()
    async with connected(services) as (socket, ready):
        await socket.send_json_to({"type": "close"})
        await until_closed(socket)
    query = f"?resume={ready['resume_token']}"
    async with connected(services, query) as (_, again):
        assert again["resumed"] is False


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?resume=a&audio_seconds=-1", "audio_seconds"),
        ("?resume=a&audio_seconds=nan", "audio_seconds"),
        ("?resume=a&audio_seconds=soon", "audio_seconds"),
        (f"?resume={'a' * 65}", "resume"),
    ],
)
async def test_it_refuses_a_position_that_is_none(
    listening: Any, query: str, field: str
) -> None:
    socket = opened(listening(), query)
    await socket.connect()
    (error,), code = await until_closed(socket)
    assert (error["field"], code) == (field, 4400)
    await socket.disconnect()


async def test_an_idle_connection_is_ended_in_order(listening: Any) -> None:
    services = listening("said before", stt_idle_seconds=1)
    async with connected(services) as (socket, _):
        await say(socket, 1)
        messages, code = await until_closed(socket)
    assert code == 4408
    assert [each["type"] for each in messages] == ["transcript", "closed", "error"]
    assert messages[1]["reason"] == "idle"


async def test_a_connection_that_lasts_too_long_is_warned_and_ended(
    listening: Any,
) -> None:
    services = listening("said before", stt_session_seconds=1)
    async with connected(services) as (socket, _):
        await say(socket, 1)
        messages, code = await until_closed(socket)
    assert code == 4440
    kinds = [each["type"] for each in messages]
    assert kinds == ["status", "transcript", "closed", "error"]
    assert messages[0]["closes_in_seconds"] == pytest.approx(1, abs=0.9)
    assert messages[2]["reason"] == "expired"


async def test_nobody_new_is_let_in_while_texts_are_late(listening: Any) -> None:
    services = listening(stt_lag_limit_seconds=0.05)
    async with connected(services) as (_, ready):
        with services.listening.load.waiting(Urgency(Priority.FINAL)):
            await asyncio.sleep(0.1)
            socket = opened(services)
            await socket.connect()
            (error,), code = await until_closed(socket)
            assert (error["code"], code) == ("overloaded", 4503)
            assert error["retry_after"] > 0
            await socket.disconnect()
            query = f"?resume={ready['resume_token']}"
            async with connected(services, query) as (_, again):
                assert again["resumed"] is True
