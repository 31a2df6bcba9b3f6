"""A client of the Deepgram addresses in the application itself, without a network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from channels.testing import WebsocketCommunicator

from tests.compat.deepgram import sdk
from tests.fake_services import FakeServices, fake_services
from tests.fakes import FakeStt
from tests.patient_socket import PatientSocket
from tests.stt.sounds import LoudnessVad, pcm
from voiceproject.asgi import build_application

FRAME_BYTES = 3_200


@dataclass
class Client:
    """A connection whose messages are checked with the SDK's classes."""

    socket: WebsocketCommunicator
    classes: sdk.Classes

    async def say(self, *parts: Any) -> None:
        """Send PCM16 at 16 kHz: `say(1, -0.5)` is a second of speech and a pause."""
        await self.send_audio(pcm(*parts))

    async def send_audio(self, audio: bytes, frame: int = FRAME_BYTES) -> None:
        for start in range(0, len(audio), frame):
            await self.socket.send_to(bytes_data=audio[start : start + frame])

    async def send_empty(self, field: str) -> None:
        """Send an empty message: `text` or `bytes`."""
        empty = {"text": "", "bytes": b""}
        message = {"type": "websocket.receive", field: empty[field]}
        await self.socket.send_input(message)

    async def tell(self, type: str, **fields: Any) -> None:
        await self.socket.send_json_to({"type": type, **fields})

    async def next(self) -> dict[str, Any]:
        """The next message; audio comes as `{"audio": bytes}`."""
        output = await self.socket.receive_output()
        if output["type"] == "websocket.close":
            return {"type": "close", "code": output["code"]}
        return self._checked(output)

    async def next_of(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types."""
        while (message := await self.next())["type"] not in types:
            assert message["type"] != "close", f"closed before {types}"
        return message

    async def until_closed(self) -> tuple[list[dict[str, Any]], int]:
        """Every message until the server closes, and its code."""
        found = []
        while (message := await self.next())["type"] != "close":
            found.append(message)
        return found, message["code"]

    def _checked(self, output: dict[str, Any]) -> dict[str, Any]:
        if output.get("text") is None:
            return {"type": "audio", "audio": output["bytes"]}
        message: dict[str, Any] = json.loads(output["text"])
        if message["type"] in self.classes:
            sdk.check(message, self.classes)
        return message


@contextlib.asynccontextmanager
async def connected(
    services: FakeServices,
    path: str,
    *,
    headers: list[tuple[bytes, bytes]] | None = None,
    subprotocols: list[str] | None = None,
) -> AsyncIterator[Client]:
    """A connection to `/v1/listen?...`, `/v2/listen?...` or `/v1/speak?...`."""
    socket = PatientSocket(
        build_application(services),
        path,
        headers=[(b"host", b"localhost"), *(headers or [])],
        subprotocols=subprotocols,
    )
    assert (await socket.connect())[0]
    name = path.partition("?")[0]
    classes = {"/v1/listen": sdk.LISTEN, "/v2/listen": sdk.FLUX}.get(name, sdk.SPEAK)
    try:
        yield Client(socket, classes)
    finally:
        await socket.disconnect()


@contextlib.asynccontextmanager
async def application_client(
    services: FakeServices, **headers: str
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the application with these services."""
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        yield client


def hearing(script: Any = (), *, seconds: float = 0.0, **changes: Any) -> FakeServices:
    """Services that take loud for speech and hear the lines of a script."""
    # A thread decodes files: a process for each test would take seconds.
    usual = {"speculative_pause_seconds": 0, "engine_isolation": "thread"}
    engine = FakeStt(script, seconds=seconds)
    return fake_services(stt=engine, vad=LoudnessVad(), **{**usual, **changes})


LINEAR = "encoding=linear16&sample_rate=16000"
