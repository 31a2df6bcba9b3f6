"""What a call by WebRTC costs the server besides the work of the models.

The callers are in this process, the server's ends of the calls in another, whose time of
the processor and delay of the event loop are measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiortc import RTCSessionDescription

from benchmarks.report import ROOT, milliseconds, table
from tests.compat.realtime.calls.caller import RATE_HZ, Caller

CALLS = (1, 4, 8)
SETTLE_SECONDS = 2.0
SECONDS = 10.0
SERVER = "benchmarks.calls_server"


@dataclass(frozen=True)
class Cost:
    """Of all calls together, while they went on."""

    calls: int
    speaks: bool
    core_percent: float
    """Without what the server's process takes before the first call."""
    lags_seconds: Sequence[float]
    """How late the event loop was, each 2 ms."""
    heard_seconds: float
    """Of audio, by each call on the average."""


class Server:
    """The process with the server's ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def _server() -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", SERVER),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield Server(process)
    finally:
        process.terminate()
        await process.wait()


def run() -> str:
    """The share of a core, the delay of the event loop, and the time of an answer."""
    costs, answers = asyncio.run(_measure())
    rows = [_row(cost) for cost in costs]
    heads = [
        "calls",
        "both sides",
        "of a core, each",
        "loop late, p50 / p95",
        "at most",
        "audio heard",
    ]
    first, *others = answers
    return (
        table("Calls by WebRTC", heads, rows)
        + f"\nTo answer an offer: {1000 * first:.0f} ms the first one, "
        + f"{milliseconds(others)} the others.\n"
    )


async def _measure() -> tuple[list[Cost], list[float]]:
    costs, answers = [], []
    for count in CALLS:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(_server())
            before = (await server.ask(seconds=SECONDS / 2, speaks=False))[
                "core_percent"
            ]
            callers = []
            for _ in range(count):
                caller, seconds = await _call(server)
                stack.push_async_callback(caller.close)
                callers.append(caller)
                answers.append(seconds)
            await asyncio.sleep(SETTLE_SECONDS)
            for speaks in (False, True):
                costs.append(await _cost(server, callers, before, speaks=speaks))
    return costs, answers


async def _call(server: Server) -> tuple[Caller, float]:
    caller = Caller()
    answer = await server.ask(offer=await caller.offer())
    description = RTCSessionDescription(answer["sdp"], "answer")
    await caller.pc.setRemoteDescription(description)
    return caller, answer["seconds"]


async def _cost(
    server: Server, callers: list[Caller], before: float, *, speaks: bool
) -> Cost:
    if speaks:
        noise = np.random.default_rng(1).normal(0, 0.1, int(RATE_HZ * (SECONDS + 1)))
        for caller in callers:
            caller.microphone.say(noise.astype(np.float32))
    answer = await server.ask(seconds=SECONDS, speaks=speaks)
    return Cost(
        len(callers),
        speaks,
        answer["core_percent"] - before,
        answer["lags_seconds"],
        answer["heard_seconds"] / len(callers),
    )


def _row(cost: Cost) -> list[str]:
    return [
        str(cost.calls),
        "speak" if cost.speaks else "are silent",
        f"{cost.core_percent / cost.calls:.1f} %",
        milliseconds(cost.lags_seconds),
        f"{1000 * max(cost.lags_seconds):.0f} ms",
        f"{cost.heard_seconds:.1f} of {SECONDS:.0f} s",
    ]
