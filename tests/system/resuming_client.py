"""A client of `/ws/stt` that does not give up: it comes back and sends again what is missing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

import websockets

from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Audio, float_to_pcm16

CHUNK_SECONDS = 0.04
RECONNECT_SECONDS = 0.3
GIVE_UP_SECONDS = 180.0


@dataclass
class ResumingClient:
    """Sends one recording, `speed` times as fast as real time."""

    ws_url: str
    audio: Audio
    speed: float = 4.0
    breaks_at: list[float] = field(default_factory=list)
    """Seconds of audio after which it tears its own connection."""
    transcripts: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._pcm = float_to_pcm16(self.audio.resampled(SPEECH_RATE_HZ).samples)
        self._token: str | None = None
        self._settled_seconds = 0.0
        self._finished = False

    @property
    def text(self) -> str:
        return " ".join(each["text"] for each in self.transcripts).strip()

    async def run(self) -> str:
        """All that was said, whatever happened to the connection."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while not self._finished:
            assert time.monotonic() < deadline, "it never came to the end"
            with contextlib.suppress(OSError, websockets.WebSocketException):
                await self._connect()
            await asyncio.sleep(RECONNECT_SECONDS)
        return self.text

    async def _connect(self) -> None:
        address = f"{self.ws_url}/ws/stt"
        if self._token:
            address += f"?resume={self._token}&audio_seconds={self._settled_seconds}"
        async with websockets.connect(address, open_timeout=10) as socket:
            ready = json.loads(await socket.recv())
            if ready["type"] != "ready":
                return
            self.connections += 1
            self._token = ready["resume_token"]
            sender = asyncio.create_task(self._send(socket))
            try:
                async for message in socket:
                    self._take(json.loads(message))
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    def _take(self, event: dict[str, Any]) -> None:
        if event["type"] == "transcript" and event["text"]:
            self.transcripts.append(event)
            self._settled_seconds = max(self._settled_seconds, event["end"])
        elif event["type"] == "ack":
            self._settled_seconds = max(self._settled_seconds, event["audio_seconds"])
        elif event["type"] == "closed":
            self._finished = event["reason"] == "client"

    async def _send(self, socket: Any) -> None:
        step = int(SPEECH_RATE_HZ * CHUNK_SECONDS) * PCM16_BYTES
        first = int(self._settled_seconds * SPEECH_RATE_HZ) * PCM16_BYTES
        for start in range(first, len(self._pcm), step):
            await socket.send(self._pcm[start : start + step])
            await asyncio.sleep(CHUNK_SECONDS / self.speed)
            seconds = start / PCM16_BYTES / SPEECH_RATE_HZ
            if self.breaks_at and seconds >= self.breaks_at[0]:
                self.breaks_at.pop(0)
                # No goodbye, as when a cable is pulled.
                socket.transport.abort()
                return
        await socket.send(json.dumps({"type": "close"}))


def random_breaks(seconds: float, count: int, chance: random.Random) -> list[float]:
    """So many moments of a recording, in order."""
    return sorted(chance.uniform(0.1, seconds - 0.1) for _ in range(count))
