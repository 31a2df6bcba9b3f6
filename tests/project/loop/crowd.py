"""A crowd at a real server with its real application. Call `main` where Django is set up,
with `handshakes 100` or `uploads 20` as arguments.

Prints the seconds for which the event loop was held (the least of several attempts), the
seconds that are allowed on this machine, and the memory in MB that it took.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import psutil

from tests.fake_services import fake_services
from tests.project.loop.holds import allowed_seconds, least_hold
from voiceproject.asgi import build_application
from voiceproject.server.reactor import run_until_done
from voiceproject.server.server import VoiceServer

MANY = 10_000


async def measure(kind: str, number: int) -> dict[str, float]:
    """Serve, have them called, and say what it cost."""
    services = fake_services(
        stt_max_sessions=MANY,
        max_connections_per_address=MANY,
        max_bodies_per_address=MANY,
    )
    server = VoiceServer(build_application(services), services.config)
    port = server.listen("127.0.0.1", 0)
    own, largest = psutil.Process(), 0
    before = own.memory_info().rss

    async def crowd() -> None:
        nonlocal largest
        words = ("-m", "tests.project.loop.callers", kind, str(port), str(number))
        called = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=subprocess.DEVNULL
        )
        ended = asyncio.ensure_future(called.wait())
        while not ended.done():
            largest = max(largest, own.memory_info().rss)
            await asyncio.wait({ended}, timeout=0.05)
        assert ended.result() == 0

    held = await least_hold(crowd)
    await server.drain(0)
    return {
        "held": held,
        "allowed": allowed_seconds(),
        "memory_mb": (largest - before) / 1e6,
    }


async def _measure() -> int:
    measured = await measure(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(json.dumps(measured) + "\n")
    return 0


def main() -> None:
    run_until_done(_measure)
