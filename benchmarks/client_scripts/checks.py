"""What the scripts have in common: the task they read, and the results they print."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import time
import wave
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

RATE_HZ = 16_000
CHUNK_MS = 20
CHUNK_BYTES = RATE_HZ * CHUNK_MS // 1000 * 2
QUIET_SECONDS = 1.5
"""After the last text of a recording, to see that it is the last one."""
LONGEST_WAIT_SECONDS = 15.0
CHECK_SECONDS = 120.0
KEY = "any"

SWITCHES = {
    "OTEL_SDK_DISABLED": "true",
    "ANONYMIZED_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "OPENAI_API_KEY": KEY,
    "DEEPGRAM_API_KEY": KEY,
}


@dataclass(frozen=True)
class Clip:
    """A recording as PCM16 at 16 kHz, and the end of its speech."""

    path: str
    speech_end_seconds: float

    @property
    def pcm(self) -> bytes:
        return Path(self.path).read_bytes()


@dataclass(frozen=True)
class Task:
    """Where the server is, what to play to it, and what to let it say."""

    url: str
    wyoming_port: int
    clips: list[Clip]
    sentence: str

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)


@dataclass
class Heard:
    """The text of each recording, and how long after its speech the last text came."""

    texts: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, text: str, seconds: float) -> None:
        self.texts.append(text)
        self.seconds.append(seconds)


@dataclass(frozen=True)
class Spoken:
    """The sentence as mono PCM16, at the rate that the client believes it has."""

    pcm: bytes
    rate_hz: int
    first_byte_seconds: float


Run = Callable[[Task], Awaitable[Heard | Spoken | str]]
"""Raises anything when the client cannot do it. A text is a result to be shown."""


@dataclass(frozen=True)
class Check:
    """One thing that a client does."""

    package: str
    service: str
    did: str
    run: Run


def main(checks: list[Check], setup: Callable[[], None] = lambda: None) -> None:
    """Do all of them, one after the other; each prints one line of JSON."""
    stay_on_this_machine()
    setup()
    asyncio.run(_run(checks, _read_task()))


def stay_on_this_machine() -> None:
    """Let no library of this process connect to anything but this machine."""
    os.environ.update(SWITCHES)
    sys.addaudithook(_refuse_elsewhere)


def _refuse_elsewhere(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = arguments[1][0]
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise PermissionError(f"a library wants to connect to {host}")


def _read_task() -> Task:
    given = json.load(sys.stdin)
    return Task(**{**given, "clips": [Clip(**clip) for clip in given["clips"]]})


async def _run(checks: list[Check], task: Task) -> None:
    for check in checks:
        line = {
            "client": check.package,
            "version": version(check.package),
            "service": check.service,
            "did": check.did,
            **await _result(check, task),
        }
        print(json.dumps(line), flush=True)


async def _result(check: Check, task: Task) -> dict[str, Any]:
    try:
        found = await asyncio.wait_for(check.run(task), CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the result
        return {"error": f"{type(error).__name__}: {error}"}
    if isinstance(found, Spoken):
        return {**asdict(found), "pcm": found.pcm.hex()}
    return asdict(found) if isinstance(found, Heard) else {"says": found}


class Texts:
    """Final texts as they come in, and when the last one came."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.last_at = 0.0

    def add(self, text: str) -> None:
        if text.strip():
            self.parts.append(text.strip())
            self.last_at = time.perf_counter()

    def settled(self, ended: float) -> bool:
        """Whether a text has come after the speech, and no other for a while."""
        quiet_since = max(ended, self.last_at) + QUIET_SECONDS
        return self.last_at > ended and time.perf_counter() > quiet_since

    @property
    def text(self) -> str:
        return " ".join(self.parts)


async def play(
    clip: Clip, send: Callable[[bytes], Coroutine[Any, Any, None]], texts: Texts
) -> float:
    """Send it in real time and then silence, as a microphone does, until its last text
    has come; the moment (of `time.perf_counter`) at which its speech ended.
    """
    began = due = time.perf_counter()
    ended = began + clip.speech_end_seconds
    for chunk in _chunks(clip.pcm):
        due += CHUNK_MS / 1000
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if chunk is None and texts.settled(ended):
            break
        await send(chunk or bytes(CHUNK_BYTES))
    return ended


def _chunks(pcm: bytes) -> Iterator[bytes | None]:
    """The recording, then None for as long as a text is waited for."""
    for start in range(0, len(pcm), CHUNK_BYTES):
        yield pcm[start : start + CHUNK_BYTES]
    for _ in range(int(LONGEST_WAIT_SECONDS * 1000 / CHUNK_MS)):
        yield None


def wav(pcm: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """Mono PCM16 as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(pcm)
    return file.getvalue()


class Audio:
    """Parts of an answer as they come in, and when the first one came."""

    def __init__(self) -> None:
        self.pcm = bytearray()
        self.began = time.perf_counter()
        self._first = 0.0

    def add(self, part: bytes) -> None:
        if part and not self.pcm:
            self._first = time.perf_counter() - self.began
        self.pcm += part

    def spoken(self, rate_hz: int) -> Spoken:
        return Spoken(bytes(self.pcm), rate_hz, self._first)
