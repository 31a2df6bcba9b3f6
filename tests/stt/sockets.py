"""A client of `/ws/stt` in the application itself, without a network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from channels.testing import WebsocketCommunicator

from tests.patient_socket import PatientSocket
from tests.stt.sounds import pcm
from tests.waiting import idle, until
from voiceproject.asgi import build_application


@contextlib.asynccontextmanager
async def connected(
    services: Any, query: str = ""
) -> AsyncIterator[WebsocketCommunicator]:
    """A client whose `ready` has been read."""
    socket = opened(services, query)
    assert (await socket.connect())[0]
    ready = await socket.receive_json_from()
    assert ready["type"] == "ready"
    yield socket
    await socket.disconnect()


def opened(services: Any, query: str = "", key: str = "") -> WebsocketCommunicator:
    application = build_application(services)
    headers = [(b"host", b"localhost"), (b"x-api-key", key.encode())]
    return PatientSocket(application, f"/ws/stt{query}", headers=headers)


async def say(socket: WebsocketCommunicator, *parts: Any, frame: int = 3_200) -> None:
    audio = pcm(*parts)
    for start in range(0, len(audio), frame):
        await socket.send_to(bytes_data=audio[start : start + frame])


async def handled(socket: WebsocketCommunicator) -> None:
    """Return when the server has handled everything that was sent."""
    await until(socket.input_queue.empty)
    await idle()


ASIDE = ("speech_started", "speech_ended", "ack")
"""What accompanies speech, and says nothing of the words."""


async def next_message(socket: WebsocketCommunicator) -> Any:
    """The next message that is more than an aside."""
    while True:
        message = await socket.receive_json_from()
        if message["type"] not in ASIDE:
            return message


async def until_closed(socket: WebsocketCommunicator) -> tuple[list[Any], int]:
    """Every message until the server closes, and its code."""
    messages: list[Any] = []
    while True:
        output = await socket.receive_output()
        if output["type"] == "websocket.close":
            return messages, output["code"]
        message = json.loads(output["text"])
        if message["type"] not in ASIDE:
            messages.append(message)
