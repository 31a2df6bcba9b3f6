"""Many callers at the same moment, at a real server with its real application:
`python -m tests.project.loop.crowd PATH NUMBER`.

Prints the seconds for which the event loop was held, the least of several attempts, and
the seconds that are allowed on this machine.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys

import django

REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)
CALLERS = "callers"


def call(port: int, path: str, number: int) -> None:
    """Connect at once and wait for the answers. Runs in a process of its own, so that
    its work is not taken for that of the server."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
    for each in sockets:
        each.sendall(REQUEST.format(path=path).encode())
    answers = [each.recv(12) for each in sockets]
    sys.exit(0 if answers == [b"HTTP/1.1 101"] * number else 1)


async def main() -> int:
    from tests.fake_services import fake_services
    from tests.project.loop.holds import allowed_seconds, least_hold
    from voiceproject.asgi import build_application
    from voiceproject.server.server import VoiceServer

    path, number = sys.argv[1], int(sys.argv[2])
    services = fake_services(
        stt_max_sessions=10_000, max_connections_per_address=10_000
    )
    server = VoiceServer(build_application(services), services.config)
    port = server.listen("127.0.0.1", 0)
    command = [sys.executable, "-m", "tests.project.loop.crowd", CALLERS]

    async def crowd() -> None:
        called = await asyncio.create_subprocess_exec(
            *command, str(port), path, str(number), stdin=subprocess.DEVNULL
        )
        assert await called.wait() == 0

    held = await least_hold(crowd)
    sys.stdout.write(json.dumps({"held": held, "allowed": allowed_seconds()}) + "\n")
    await server.drain(0)
    return 0


if __name__ == "__main__":
    if sys.argv[1] == CALLERS:
        call(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    import os

    os.environ["DJANGO_SETTINGS_MODULE"] = "voiceproject.settings"
    from voiceproject.server.reactor import run_until_done

    django.setup()
    sys.exit(run_until_done(main))
