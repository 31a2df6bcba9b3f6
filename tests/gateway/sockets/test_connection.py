"""A connection without Channels: an endpoint of its own protocol, by a clock that is turned."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common.errors import BadRequest, TooMany, Unauthorized, VoiceError
from common.metrics import REFUSED_CONNECTIONS
from gateway_app.access.principals import ANONYMOUS, Limits, Principal
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.limits import SocketLimits
from gateway_app.sockets.sessions import SessionRegistry
from tests.clocks import TurnedClock
from tests.waiting import idle

LIMITS = SocketLimits(
    max_sessions=2,
    max_message_bytes=100,
    max_text_bytes=50,
    idle_seconds=300,
    session_seconds=3_600,
)


class Endpoint:
    """A handler and its transport: repeats texts, notes audio, fails on request."""

    slice_bytes = 40

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.notes: list[Any] = []
        self.gone = False

    async def transmit(self, message: str | bytes) -> None:
        if self.gone:
            raise OSError("gone")
        self.sent.append(message)

    async def hang_up(self, code: int) -> None:
        self.sent.append(code)

    async def opened(self) -> None:
        self.notes.append("opened")

    def on_audio(self, frame: bytes) -> None:
        if frame == b"fast":
            raise TooMany("Too fast.")
        self.notes.append(frame)

    async def wait_for_capacity(self) -> None:
        self.notes.append("waited")

    async def on_text(self, text: str) -> None:
        if text == "wrong":
            raise BadRequest("That was wrong.")
        if text == "crash":
            raise RuntimeError("secret detail")
        self.sent.append(text)

    async def finish(self, reason: str) -> None:
        self.sent.append(f"finished: {reason}")

    def warn(self, seconds: float) -> None:
        self.notes.append(f"{seconds:g} s are left")

    async def closed(self) -> None:
        self.notes.append("closed")

    def encode_error(self, error: VoiceError) -> bytes:
        return f"ERROR {error.code}".encode()


async def welcome() -> Principal:
    return ANONYMOUS


async def refuse() -> Principal:
    raise Unauthorized("No key.")


class Opened:
    """A connection that is open, with all that belongs to it."""

    def __init__(self, sessions: SessionRegistry | None = None) -> None:
        self.sessions = sessions or SessionRegistry()
        self.clock = TurnedClock()
        self.endpoint = Endpoint()
        self.connection = Connection(
            "wyoming", self.endpoint, self.endpoint, self.clock
        )

    @asynccontextmanager
    async def __call__(
        self, admit: Any = welcome, limits: SocketLimits = LIMITS
    ) -> AsyncIterator[Connection]:
        async with self.connection.running():
            await self.connection.open(self.sessions, limits, "192.0.2.1", admit)
            await idle()
            yield self.connection


@pytest.fixture
def opened() -> Opened:
    return Opened()


async def test_it_tells_errors_in_the_words_of_the_endpoint(opened: Opened) -> None:
    async with opened() as connection:
        await connection.receive("wrong")
        await connection.receive("fine")
        assert opened.endpoint.sent == [b"ERROR bad_request", "fine"]
        assert not connection.closing


async def test_three_wrong_messages_in_a_row_close_it(opened: Opened) -> None:
    async with opened() as connection:
        for text in ("wrong", "wrong", "fine", "wrong", "wrong", "wrong", "late"):
            await connection.receive(text)
        error = b"ERROR bad_request"
        assert opened.endpoint.sent == [error, error, "fine", error, error, error, 4400]


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("a" * 50, ["a" * 50]),
        ("a" * 51, [b"ERROR bad_request"]),
        ("\u00fc" * 26, [b"ERROR bad_request"]),  # two bytes a letter
        ("a" * 101, [b"ERROR too_large", 4413]),
        (b"a" * 100, []),
        (b"a" * 101, [b"ERROR too_large", 4413]),
    ],
)
async def test_it_bounds_messages_as_the_endpoint_says(
    opened: Opened, message: Any, sent: list[Any]
) -> None:
    async with opened() as connection:
        await connection.receive(message)
        assert opened.endpoint.sent == sent


async def test_it_hands_audio_over_in_pieces(opened: Opened) -> None:
    async with opened() as connection:
        await connection.receive(b"a" * 90)
        await connection.receive(b"")
    pieces = [b"a" * 40, "waited", b"a" * 40, "waited", b"a" * 10, "waited"]
    assert opened.endpoint.notes == ["opened", *pieces, "closed"]


async def test_it_closes_with_the_code_of_an_error(opened: Opened) -> None:
    async with opened() as connection:
        await connection.receive(b"fast")
        assert opened.endpoint.sent == [b"ERROR too_many_requests", 4429]
        assert connection.server_closed


async def test_it_hides_its_own_mistakes(opened: Opened) -> None:
    async with opened() as connection:
        await connection.receive("crash")
        assert opened.endpoint.sent == [b"ERROR internal_error", 4500]


async def test_it_says_why_it_lets_nobody_in(opened: Opened) -> None:
    async with opened(refuse):
        assert opened.endpoint.sent == [b"ERROR unauthorized", 4401]
    assert opened.endpoint.notes == []


async def test_it_refuses_more_than_the_endpoint_allows() -> None:
    sessions = SessionRegistry()
    one, two, three = (Opened(sessions) for _ in range(3))
    refused = REFUSED_CONNECTIONS.labels("overloaded")
    before = refused._value.get()
    async with one(), two(), three():
        assert three.endpoint.sent == [b"ERROR overloaded", 4503]
        assert refused._value.get() == before + 1
        assert sessions.count("wyoming") == 2
    assert sessions.count("wyoming") == 0


async def test_it_refuses_more_than_the_principal_may_have() -> None:
    async def admit() -> Principal:
        return Principal("key:7", "key", limits=Limits(sessions=1))

    sessions = SessionRegistry()
    one, two, other = (Opened(sessions) for _ in range(3))
    async with one(admit), two(admit), other():
        assert two.endpoint.sent == [b"ERROR too_many_requests", 4429]
        assert other.endpoint.sent == []


async def test_it_ends_when_nothing_comes(opened: Opened) -> None:
    async with opened() as connection:
        await opened.clock.turn(200)
        await connection.receive("alive")
        await opened.clock.turn(299)
        assert opened.endpoint.sent == ["alive"]
        await opened.clock.turn(1)
        assert opened.endpoint.sent[1:] == ["finished: idle", b"ERROR idle", 4408]


async def test_it_warns_and_ends_when_it_has_lasted_too_long(opened: Opened) -> None:
    async with opened() as connection:
        for _ in range(18):
            await connection.receive(b"audio")
            await opened.clock.turn(196.7)
        assert opened.endpoint.notes[-1] == "59.4 s are left"
        await opened.clock.turn(59.5)
        expected = ["finished: expired", b"ERROR session_expired", 4440]
        assert opened.endpoint.sent == expected


async def test_it_finishes_when_the_server_shuts_down(opened: Opened) -> None:
    async with opened():
        draining = asyncio.create_task(opened.sessions.drain(30))
        await idle()
        expected = ["finished: restarting", b"ERROR restarting", 4512]
        assert opened.endpoint.sent == expected
    assert await draining
    assert opened.endpoint.notes[-1] == "closed"


async def test_it_sends_nothing_to_a_client_that_is_gone(opened: Opened) -> None:
    async with opened() as connection:
        opened.endpoint.gone = True
        await connection.send("hello")
        opened.endpoint.gone = False
        await connection.send("again")
        assert opened.endpoint.sent == []


async def test_it_closes_when_its_events_end(opened: Opened) -> None:
    async def events() -> AsyncIterator[int]:
        yield 1
        yield 2

    async with opened() as connection:

        async def send(number: int) -> None:
            await connection.send(bytes([number]))

        await connection.pump(events(), send)
        assert opened.endpoint.sent == [b"\x01", b"\x02", 1000]


async def test_its_tasks_end_with_it(opened: Opened) -> None:
    async with opened() as connection:
        task = connection.accompany(asyncio.Event().wait)  # type: ignore[arg-type]
    assert task.cancelled()


async def test_it_does_not_collect_the_tasks_that_are_done(opened: Opened) -> None:
    async def nothing() -> None:
        """Done at once."""

    async with opened() as connection:
        task = connection.accompany(nothing)
        await task
        left = weakref.ref(task)
        del task
        await idle()
        gc.collect()
        assert left() is None


class LinesEndpoint(Endpoint):
    """A handler whose transport is a TCP connection with a message on each line."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._writer = writer

    async def transmit(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        self._writer.write(data + b"\n")
        await self._writer.drain()

    async def hang_up(self, code: int) -> None:
        self._writer.close()

    async def on_text(self, text: str) -> None:
        event = json.loads(text)
        await self.transmit(json.dumps({"type": "pong", "text": event["text"]}))


async def test_it_carries_an_endpoint_over_tcp() -> None:
    sessions = SessionRegistry()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoint = LinesEndpoint(writer)
        connection = Connection("wyoming", endpoint, endpoint)
        async with connection.running():
            await connection.open(sessions, LIMITS, "127.0.0.1", welcome)
            while not connection.closing and (line := await reader.readline()):
                await connection.receive(line.decode().strip())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b'{"type": "ping", "text": "hello"}\n')
        assert json.loads(await reader.readline()) == {"type": "pong", "text": "hello"}
        writer.write(b"x" * 101 + b"\n")
        assert await reader.readline() == b"ERROR too_large\n"
        assert await reader.read() == b""
        writer.close()
    assert sessions.count("wyoming") == 0
