"""1,000 mixed requests to `/tts`, a third of them hung up on: what is left behind?"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass

import httpx
import psutil

from benchmarks.memory import resident_mb
from benchmarks.report import table
from benchmarks.sentences import SENTENCES
from tests.server_process import RunningServer, running_server
from tts_app.core.speech.encoding import FORMATS

CLIENTS = 8
STEPS = (100, 450, 450)
"""Requests between one look at the server and the next; the first ones warm it up."""
HANG_UP_SHARE = 0.35
LONGEST_WAIT_SECONDS = 1.5
MOST_SECONDS = 900.0
SETTLE_SECONDS = 3.0
SEED = 7


@dataclass(frozen=True)
class Footprint:
    """What the server holds when nothing is asked of it."""

    workers: int
    files: int
    threads: int
    server_megabytes: float
    workers_megabytes: float
    running: float
    queued: float


def run() -> str:
    """A table of what the server held after each step."""
    with running_server(
        llm_backend="embedded", whisper_model_name="tiny.en", tts_queue_limit=CLIENTS
    ) as server:
        outcomes: Counter[str] = Counter()
        held: dict[int, Footprint] = {}
        for seed, count in enumerate(STEPS, SEED):
            outcomes += asyncio.run(_requests(server.url, count, seed))
            held[sum(outcomes.values())] = asyncio.run(_footprint(server))
    rows = [
        [name, *(f"{getattr(each, name):g}" for each in held.values())]
        for name in Footprint.__annotations__
    ]
    counted = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    title = (
        f"{sum(outcomes.values())} requests to `/tts` by {CLIENTS} clients: {counted}"
    )
    return table(title, ["what", *(f"after {count}" for count in held)], rows)


async def _requests(url: str, count: int, seed: int) -> Counter[str]:
    chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
    orders = [_order(chance) for _ in range(count)]
    outcomes: Counter[str] = Counter()
    end = asyncio.get_running_loop().time() + MOST_SECONDS

    async def work(client: httpx.AsyncClient) -> None:
        while orders and asyncio.get_running_loop().time() < end:
            body, hang_up_seconds = orders.pop()
            outcomes[await _ask(client, url, body, hang_up_seconds)] += 1

    async with httpx.AsyncClient(timeout=120) as client:
        await asyncio.gather(*(work(client) for _ in range(CLIENTS)))
    return outcomes


def _order(chance: random.Random) -> tuple[dict[str, object], float | None]:
    """A request, and when its client hangs up."""
    text = " ".join(chance.sample(SENTENCES, chance.choice((1, 1, 1, 2))))
    body: dict[str, object] = {
        "text": text,
        "llm": chance.random() < 0.1,
        "format": chance.choice(FORMATS),
        "stream_format": chance.choice(("audio", "audio", "sse")),
        "speed": chance.choice((0.8, 1.0, 2.0)),
    }
    if chance.random() < 0.1:
        body["text"] = "<speak><oops/></speak>"
        body["input"], body["llm"] = "ssml", False
    hangs_up = chance.random() < HANG_UP_SHARE
    return body, chance.uniform(0, LONGEST_WAIT_SECONDS) if hangs_up else None


async def _ask(
    client: httpx.AsyncClient, url: str, body: dict[str, object], hang_up: float | None
) -> str:
    try:
        return await asyncio.wait_for(_complete(client, url, body), hang_up)
    except TimeoutError:
        return "hung up"


async def _complete(
    client: httpx.AsyncClient, url: str, body: dict[str, object]
) -> str:
    response = await client.post(f"{url}/tts", json=body)
    if body.get("input") == "ssml":
        return "refused" if response.status_code == 400 else "WRONG"
    if response.status_code != 200:
        return f"WRONG {response.status_code}"
    is_whole = len(response.content) > 1_000
    if body["stream_format"] == "sse":
        is_whole = b"speech.audio.done" in response.content[-20_000:]
    return "whole" if is_whole else "WRONG"


async def _footprint(server: RunningServer) -> Footprint:
    await asyncio.sleep(SETTLE_SECONDS)
    process = psutil.Process(server.pid)
    family = [process, *process.children(recursive=True)]
    async with httpx.AsyncClient(timeout=10) as client:
        figures = (await client.get(f"{server.url}/metrics")).text
    memory = resident_mb(server.pid)
    return Footprint(
        workers=len(family) - 1,
        files=sum(each.num_fds() for each in family),
        threads=sum(each.num_threads() for each in family),
        server_megabytes=round(memory["server"]),
        workers_megabytes=round(memory["workers"]),
        running=_gauge(figures, 'voice_active_sessions{kind="tts"}'),
        queued=_gauge(figures, 'voice_queue_depth{queue="piper"}'),
    )


def _gauge(figures: str, name: str) -> float:
    for line in figures.splitlines():
        if line.startswith(name):
            return float(line.rpartition(" ")[2])
    return 0.0
