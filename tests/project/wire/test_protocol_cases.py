"""RFC 6455 case by case: what a client may do works, and the rest is refused.

The cases follow the groups of the Autobahn test suite, which needs a container: framing,
pings, reserved bits, opcodes, fragmentation, UTF-8, closing and sizes.
"""

from __future__ import annotations

import contextlib
import socket
import struct

import pytest

from tests.project.server.live_server import TinyServer, connection, upgrade
from tests.project.server.test_server_limits import frame

pytestmark = pytest.mark.server

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIRST, LAST = 0x00, 0x80
"""The first bits of a frame that another one follows, and of the last one."""

Frame = tuple[int, bytes]
"""The opcode and the content of what the server sends."""


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(struct.pack("!H", code) + reason, CLOSE)


def parts(opcode: int, *contents: bytes) -> bytes:
    """One message in several frames."""
    last = len(contents) - 1
    return b"".join(
        frame(each, opcode if not at else CONTINUATION, LAST if at == last else FIRST)
        for at, each in enumerate(contents)
    )


def next_frame(client: socket.socket) -> Frame | None:
    """None at the end of the connection."""
    head = exactly(client, 2)
    if len(head) < 2:
        return None
    length = head[1]
    if length == 126:
        (length,) = struct.unpack("!H", exactly(client, 2))
    elif length == 127:
        (length,) = struct.unpack("!Q", exactly(client, 8))
    return head[0] & 0x0F, exactly(client, length)


def exactly(client: socket.socket, count: int) -> bytes:
    """So many bytes, or what came before the end of the connection."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while len(received) < count and (data := client.recv(count - len(received))):
            received += data
    return received


def answers(server: TinyServer, sent: bytes) -> list[Frame]:
    """What comes back, up to the end of the connection."""
    with connection(server.port) as client:
        upgrade(client, "/")
        client.sendall(sent)
        return list(iter(lambda: next_frame(client), None))


ALLOWED: dict[str, tuple[bytes, list[Frame]]] = {
    "a text of 125 bytes": (frame(b"x" * 125, TEXT), [(TEXT, b"x" * 125)]),
    "a text of 126 bytes": (frame(b"x" * 126, TEXT), [(TEXT, b"x" * 126)]),
    "65,535 bytes": (frame(b"\xfe" * 65_535), [(BINARY, b"\xfe" * 65_535)]),
    "65,536 bytes": (frame(b"\xfe" * 65_536), [(BINARY, b"\xfe" * 65_536)]),
    "a ping": (frame(b"hello", PING), [(PONG, b"hello")]),
    "an empty ping": (frame(b"", PING), [(PONG, b"")]),
    "a ping of 125 bytes": (frame(b"\0" * 125, PING), [(PONG, b"\0" * 125)]),
    "ten pings": (frame(b"p", PING) * 10, [(PONG, b"p")] * 10),
    "a pong that nobody asked for": (frame(b"x", PONG) + frame(b"y"), [(BINARY, b"y")]),
    "a message in parts": (parts(TEXT, b"one", b"two"), [(TEXT, b"onetwo")]),
    "empty parts": (parts(TEXT, b"", b"a", b""), [(TEXT, b"a")]),
    "a ping between parts": (
        frame(b"one", TEXT, FIRST) + frame(b"p", PING) + frame(b"two", CONTINUATION),
        [(PONG, b"p"), (TEXT, b"onetwo")],
    ),
    "a character in two parts": (
        parts(TEXT, b"\xc3", b"\xa4"),
        [(TEXT, "ä".encode())],
    ),
    "the last character of Unicode": (
        frame("\U0010ffff".encode(), TEXT),
        [(TEXT, "\U0010ffff".encode())],
    ),
    "a byte order mark": (frame("\ufeff".encode(), TEXT), [(TEXT, "\ufeff".encode())]),
}


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "byte by byte"])
def test_it_accepts_what_the_protocol_allows(
    server: TinyServer, name: str, at_once: bool
) -> None:
    sent, expected = ALLOWED[name]
    whole = at_once or len(sent) > 1_000
    with connection(server.port) as client:
        upgrade(client, "/")
        for piece in [sent] if whole else [bytes([byte]) for byte in sent]:
            client.sendall(piece)
        assert [next_frame(client) for _ in expected] == expected
        client.sendall(closing(1000))
        assert next_frame(client) == (CLOSE, struct.pack("!H", 1000))
        assert next_frame(client) is None


REFUSED: dict[str, tuple[bytes, int]] = {
    "a long ping": (frame(b"x" * 126, PING), 1002),
    "a ping in parts": (frame(b"x", PING, FIRST), 1002),
    "reserved bit 1": (frame(b"x", TEXT, 0xC0), 1002),
    "reserved bit 2": (frame(b"x", TEXT, 0xA0), 1002),
    "reserved bit 3 of a ping": (frame(b"x", PING, 0x90), 1002),
    **{f"opcode {code}": (frame(b"", code), 1002) for code in (3, 4, 5, 6, 7)},
    **{f"opcode {code}": (frame(b"", code), 1002) for code in range(11, 16)},
    "the middle of nothing": (frame(b"x", CONTINUATION), 1002),
    "two beginnings": (frame(b"x", TEXT, FIRST) + frame(b"y", TEXT), 1002),
    "no mask": (b"\x82\x01x", 1002),
    "text that is no text": (frame(b"\xce\xba\xff", TEXT), 1007),
    "half a character": (frame(b"\xc3", TEXT), 1007),
    "half a character in two parts": (parts(TEXT, b"a\xc3", b"b"), 1007),
    "a surrogate": (frame(b"\xed\xa0\x80", TEXT), 1007),
    "more than Unicode": (frame(b"\xf4\x90\x80\x80", TEXT), 1007),
    "too long a form": (frame(b"\xc0\xaf", TEXT), 1007),
}
BROKEN_CLOSES: dict[str, bytes] = {
    "half a code": frame(b"\x03", CLOSE),
    "a reason that is no text": closing(1000, b"\xff"),
    "a long reason": closing(1000, b"x" * 124),
    **{
        f"code {code}": closing(code)
        for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 65_535)
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_what_breaks_the_protocol(server: TinyServer, name: str) -> None:
    sent, code = REFUSED[name]
    ((opcode, content),) = answers(server, sent)
    assert (opcode, content[:2]) == (CLOSE, struct.pack("!H", code))


@pytest.mark.parametrize("name", BROKEN_CLOSES)
def test_a_broken_close_ends_the_connection(server: TinyServer, name: str) -> None:
    came = answers(server, BROKEN_CLOSES[name])
    assert all(
        opcode == CLOSE and content[:2] != b"\x03\xe8" for opcode, content in came
    )


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 3000, 4999])
def test_it_answers_a_close(server: TinyServer, code: int) -> None:
    assert answers(server, closing(code, b"bye")) == [(CLOSE, struct.pack("!H", 1000))]


def test_nothing_after_a_close_is_heard(server: TinyServer) -> None:
    ((opcode, _),) = answers(server, closing(1000) + frame(b"late", TEXT))
    assert opcode == CLOSE


def test_it_counts_the_fragments_of_a_message_together(server: TinyServer) -> None:
    sent = parts(BINARY, *[bytes(50_000)] * 4)
    *_, (opcode, content) = answers(server, sent)
    assert (opcode, content[:2]) == (CLOSE, struct.pack("!H", 1009))
