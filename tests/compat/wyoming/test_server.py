"""The TCP server: who may connect, what it bears, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from wyoming.audio import AudioStart
from wyoming.event import async_read_event
from wyoming.info import Describe
from wyoming.ping import Ping
from wyoming.tts import SynthesizeChunk, SynthesizeStart

from common.errors import Unavailable
from compat_app.wyoming.protocol.frames import HEADER_BYTES
from compat_app.wyoming.server import WyomingServer
from gateway_app.services import GatewayServices
from tests.clocks import TurnedClock
from tests.compat.wyoming.talking import (
    PATIENCE_SECONDS,
    Talk,
    kinds,
    listening,
    server_of,
    serving,
    talking,
)
from tests.fake_services import fake_services
from tests.waiting import until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def raw(port: int) -> AsyncIterator[Streams]:
    """A client that sends what it likes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(sent: bytes, **changes: Any) -> list[dict[str, Any]]:
    """Everything that the server says to these bytes before it closes."""
    events = []
    async with serving(listening(**changes)) as server, raw(server.port) as client:
        reader, writer = client
        writer.write(sent)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (event := await async_read_event(reader)) is not None:
                events.append({"type": event.type, **event.data})
    return events


async def test_it_answers_a_ping() -> None:
    async with talking(listening()) as client:
        await client.say(Ping("hello"))
        event = await client.next()
        assert (event.type, event.data) == ("pong", {"text": "hello"})


async def test_it_bears_half_a_surrogate_pair() -> None:
    sent = rb'{"type": "ping", "data": {"text": "\ud800"}}' + b"\n"
    wrong = rb'{"type": "transcribe", "data": {"language": "\ud800"}}' + b"\n"
    pong, error = await answer(sent + wrong)
    assert (pong["type"], pong["text"]) == ("pong", "?")
    assert "`?`" in error["text"]


async def test_any_version_may_stand_in_an_event() -> None:
    audio = {"rate": 16_000, "width": 2, "channels": 1}
    for version in ("9" * 5_000 + ".1", "1." + "9" * 5_000, ".", "1.x", "١.٧"):
        async with talking(listening()) as client:
            await client.write_raw("audio-start", audio, version)
            await client.write_raw("audio-stop", {}, version)
            assert (await client.next()).type in ("transcript", "transcript-start")


async def test_it_ignores_events_that_it_does_not_know() -> None:
    async with talking(listening()) as client:
        for kind in ("select-program", "run-satellite", "detect", "voice-started", ""):
            await client.send(kind, {"name": "x", "names": [1]})
        await client.write_raw("mystery", {}, "9.9", b"\x00" * 10_000)
        await client.say(Ping())
        assert (await client.next()).type == "pong"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request"),
        (b"\x16\x03\x01\x02\x00\n", "bad_request"),
        (b"\n", "bad_request"),
        (b"[]\n", "bad_request"),
        (b'{"type": "ping", "data": 5}\n', "bad_request"),
        (b'{"type": "ping", "data_length": -5}\n', "bad_request"),
        (b'{"type": "ping", "data_length": 3}\n{x}', "bad_request"),
        (b'{"type": "ping", "data_length": 99999999999}\n', "too_large"),
        (b'{"type": "audio-chunk", "payload_length": 70000}\n', "too_large"),
        (b"a" * (HEADER_BYTES + 1), "too_large"),
        (b'{"type": "ping", "data": {"text": 5}}\n', "bad_value"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_it_cannot_read_is_said_and_ends_the_connection(
    sent: bytes, code: str
) -> None:
    (error,) = await answer(sent, wyoming_max_event_kb=64)
    assert (error["type"], error["code"]) == ("error", code)
    assert error["text"]


async def test_a_client_that_goes_in_the_middle_of_an_event_leaves_nothing() -> None:
    services = listening()
    async with serving(services) as server:
        async with raw(server.port) as (_, writer):
            writer.write(b'{"type": "audio-chunk", "payload_length": 100}\nhalf')
            await until(lambda: bool(services.sessions.counts()))
        await until(lambda: not services.sessions.counts())


async def test_a_flood_of_small_events_does_not_keep_others_waiting() -> None:
    answered = 0

    async def count(answers: asyncio.StreamReader) -> None:
        nonlocal answered
        while await async_read_event(answers) is not None:
            answered += 1

    async with serving(listening()) as server, raw(server.port) as (answers, writer):
        counting = asyncio.create_task(count(answers))
        async with Talk(server.port) as other:
            await other.say(Ping())
            await other.next()
            writer.write(b'{"type": "ping"}\n' * 3_000)
            await asyncio.sleep(0)
            await other.say(Ping())
            await other.next()
            assert answered < 500
        counting.cancel()


async def test_it_takes_only_so_many() -> None:
    services = listening(wyoming_max_sessions=1)
    async with serving(services) as server:
        async with Talk(server.port) as first, Talk(server.port) as second:
            await first.say(Ping())
            await first.next()
            (error,) = await second.rest()
            assert error.data["code"] == "overloaded"
        await until(lambda: not services.sessions.counts())
        async with Talk(server.port) as third:
            await third.say(Ping())
            assert (await third.next()).type == "pong"


async def test_one_address_has_the_quota_of_a_principal() -> None:
    services = listening(principal_max_sessions=1, wyoming_without_key=True)
    async with serving(services) as server, Talk(server.port) as first:
        await first.say(Ping())
        await first.next()
        async with Talk(server.port) as second:
            (error,) = await second.rest()
            assert error.data["code"] == "too_many_requests"


async def test_it_does_not_listen_where_keys_are_required() -> None:
    server = server_of(listening(api_keys=["secret-key"]))
    await server.start()
    assert server.port == 0
    assert "wyoming_without_key" in server.summary
    await server.stop()


async def test_it_may_be_open_where_keys_are_required() -> None:
    services = listening(api_keys=["secret-key"], wyoming_without_key=True)
    async with talking(services) as client:
        await client.listen_to(1, -0.8)
        assert await client.transcript() == "fake"
    await until(lambda: bool(services.history.records))
    assert services.history.records[0].principal == "anonymous"


async def test_a_port_that_is_taken_is_named() -> None:
    async with serving(listening()) as first:
        second = server_of(listening())
        second.port = first.port
        with pytest.raises(Unavailable, match=f"127.0.0.1:{first.port}.*wyoming_port"):
            await second.start()
        assert second.summary.startswith("off: cannot listen on")
        await second.stop()


async def test_it_says_where_it_listens() -> None:
    async with serving(listening()) as server:
        assert server.summary == (
            f"127.0.0.1:{server.port}, for Home Assistant on this machine"
        )


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],
)
def test_it_knows_whether_others_can_connect(host: str, is_local: bool) -> None:
    gateway = listening()[GatewayServices]
    server = WyomingServer(gateway, None, None, host=host, port=0)
    assert server.is_local == is_local


async def test_idle_clients_are_asked_to_go() -> None:
    clock = TurnedClock()
    async with talking(listening(wyoming_idle_seconds=60), clock) as client:
        await client.say(Ping())
        await client.next()
        await clock.turn(61)
        (error,) = await client.rest()
        assert error.data["code"] == "idle"


async def test_an_idle_request_is_answered_before_the_end() -> None:
    clock = TurnedClock()
    services = listening(["half"], wyoming_idle_seconds=60)
    async with talking(services, clock) as client:
        await client.listen_to(1)
        await client.say(Ping())
        await client.next()
        await clock.turn(61)
        events = await client.rest()
        assert kinds(events)[-3:] == ["transcript", "transcript-stop", "error"]
        assert events[-3].data["text"] == "half"


async def test_a_restart_lets_it_finish_what_it_has_heard_and_says() -> None:
    services = listening(["half a sen"])
    async with serving(services) as server:
        async with Talk(server.port) as hears, Talk(server.port) as speaks:
            await hears.listen_to(1)
            await speaks.say(SynthesizeStart(), SynthesizeChunk("Hello there, "))
            await speaks.say(SynthesizeChunk("come in."))
            for client in (hears, speaks):
                await client.say(Ping())
                await client.until("pong")
            await server.stop_accepting()
            assert await services.sessions.drain(5)
            heard, said = await hears.rest(), await speaks.rest()
        assert kinds(heard)[-3:] == ["transcript", "transcript-stop", "error"]
        assert kinds(said)[-3:] == ["audio-stop", "synthesize-stopped", "error"]
        assert heard[-1].data["code"] == said[-1].data["code"] == "restarting"
        with pytest.raises(OSError):
            async with Talk(server.port):
                pass


async def test_it_cuts_off_what_does_not_end() -> None:
    services = listening(seconds=60)
    async with serving(services) as server, Talk(server.port) as client:
        await client.listen_to(1)
        await client.stop()
        await until(lambda: bool(services.stt.heard))
        await server.stop()
        with contextlib.suppress(OSError):
            assert await client.rest() == []


async def test_a_client_that_does_not_read_is_given_up() -> None:
    services = fake_services(slow_reader_seconds=0.2)
    async with serving(services) as server:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.setblocking(False)  # noqa: FBT003 - it takes no keyword
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", server.port))
            text = "The library closes at nine. " * 170
            await loop.sock_sendall(
                client,
                json.dumps({"type": "synthesize", "data": {"text": text}}).encode()
                + b"\n",
            )
            await until(lambda: bool(services.sessions.counts()))
            await until(lambda: not services.sessions.counts())
    (record,) = services.history.records
    assert record.status == "cancelled"


async def test_its_sessions_are_counted() -> None:
    services = listening()
    async with talking(services) as client:
        await client.say(AudioStart(16_000, 2, 1), Describe())
        await client.next()
        assert services.sessions.counts() == {"wyoming": 1, "stt": 1}
        assert services[GatewayServices].figures.sessions()["wyoming"] == 1
        await client.stop()
        await client.until("transcript-stop")
        await until(lambda: services.sessions.counts() == {"wyoming": 1})


async def test_transcriptions_share_the_places_of_the_other_sockets() -> None:
    services = listening(stt_max_sessions=1)
    async with talking(services) as client:
        with services.sessions.open("stt"):
            await client.say(AudioStart(16_000, 2, 1))
            (error,) = await client.rest()
        assert error.data["code"] == "overloaded"
        assert services.sessions.count("stt") == 0
