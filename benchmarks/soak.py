"""Memory: what a session takes, and whether it grows under steady load."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

import websockets

from benchmarks.corpus import LEFT_OUT, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.growth import HEADER, LOOK_EVERY_SECONDS, Growth
from benchmarks.memory import PARTS, steady_mb
from benchmarks.playlist import playlist, playlists
from benchmarks.report import table
from common.audio import SPEECH_RATE_HZ, Audio, Samples
from tests.clients import transcribe_over_socket
from tests.server_process import RunningServer, running_server

IDLE_SESSIONS = 100
ACTIVE_SESSIONS = 20
STEADY_STREAMS = 4
SESSION_SECONDS = 20.0
"""Each connection of the steady load ends and gives way to another."""
SETTLE_SECONDS = 3.0
WARM_UP_MINUTES = 15.0
"""Before the time that counts: so long the monitor's history takes to fill."""


def run(flags: Flags) -> str:
    """Two tables for each model."""
    clips = [samples_of(clip) for clip in short_english(flags)]
    if not clips:
        return LEFT_OUT.format(name="soak")
    return "\n".join(_tables(model, clips, flags) for model in flags.models)


def _tables(model: str, clips: Sequence[Samples], flags: Flags) -> str:
    with running_server(
        whisper_model_name=model, whisper_lang="en", llm_backend="none"
    ) as server:
        # What the first sessions load is not theirs.
        asyncio.run(_speak(server.url, playlists(clips, 2, SESSION_SECONDS / 2)))
        sessions = asyncio.run(_per_session(server, clips))
        growth = asyncio.run(_growth(server, clips, flags.minutes))
    header = [
        "sessions",
        "server",
        "workers",
        "a session, server",
        "a session, workers",
    ]
    title = (
        f"Memory under {STEADY_STREAMS} streams for {flags.minutes:g} minutes, {model}"
    )
    return "\n".join(
        (
            table(f"Resident memory of sessions, {model}", header, sessions),
            table(title, HEADER, growth),
        )
    )


# Sessions


async def _per_session(
    server: RunningServer, clips: Sequence[Samples]
) -> list[list[str]]:
    without = await asyncio.to_thread(steady_mb, server.pid)
    async with _idle_sessions(server.url):
        await asyncio.sleep(SETTLE_SECONDS)
        idle = await asyncio.to_thread(steady_mb, server.pid)
    speaking = asyncio.create_task(
        _speak(server.url, playlists(clips, ACTIVE_SESSIONS, SESSION_SECONDS))
    )
    await asyncio.sleep(SESSION_SECONDS * 0.8)
    active = await asyncio.to_thread(steady_mb, server.pid)
    await speaking
    return [
        ["none", *_megabytes(without), "", ""],
        _session_row(f"{IDLE_SESSIONS} idle", without, idle, IDLE_SESSIONS),
        _session_row(f"{ACTIVE_SESSIONS} active", without, active, ACTIVE_SESSIONS),
    ]


def _session_row(
    name: str, without: dict[str, float], with_them: dict[str, float], count: int
) -> list[str]:
    each = [1000 * (with_them[part] - without[part]) / count for part in PARTS]
    return [
        name,
        *_megabytes(with_them),
        *(f"{kilobytes:.0f} kB" for kilobytes in each),
    ]


def _megabytes(memory: dict[str, float]) -> list[str]:
    return [f"{memory[part]:.0f} MB" for part in PARTS]


@contextlib.asynccontextmanager
async def _idle_sessions(url: str) -> AsyncIterator[None]:
    address = url.replace("http", "ws", 1) + "/ws/stt"
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(IDLE_SESSIONS):
            socket = await stack.enter_async_context(
                websockets.connect(address, open_timeout=30, compression=None)
            )
            await socket.recv()
        yield


# Growth


async def _growth(
    server: RunningServer, clips: Sequence[Samples], minutes: float
) -> list[list[str]]:
    warm_up = min(WARM_UP_MINUTES, minutes)
    speaking = asyncio.create_task(_speak_until(server.url, clips, warm_up + minutes))
    growth = Growth()
    while not speaking.done():
        await asyncio.to_thread(growth.look, server.pid)
        await asyncio.wait([speaking], timeout=LOOK_EVERY_SECONDS)
    await speaking
    return growth.rows(warm_up / 60)


async def _speak_until(url: str, clips: Sequence[Samples], minutes: float) -> None:
    end = time.monotonic() + minutes * 60

    async def one(number: int) -> None:
        turn = 0
        while time.monotonic() < end:
            await _speak(url, [playlist(clips, (number, turn), SESSION_SECONDS)])
            turn += 1

    await asyncio.gather(*map(one, range(STEADY_STREAMS)))


async def _speak(url: str, streams: Sequence[Samples]) -> None:
    await asyncio.gather(
        *(
            transcribe_over_socket(
                url,
                Audio(samples, SPEECH_RATE_HZ),
                real_time=True,
                interim_results=True,
            )
            for samples in streams
        )
    )
