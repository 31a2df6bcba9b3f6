"""Clients that send whatever they are given to the endpoints of the application, and what
may come of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from channels.testing import WebsocketCommunicator

from common.errors import VoiceError
from tests.patient_socket import PatientSocket

PATIENCE_SECONDS = 10.0
INTERNAL_CLOSE = VoiceError.close_code


async def talk(
    application: Any, path: str, frames: Sequence[str | bytes]
) -> tuple[list[Any], int | None]:
    """Send the frames, as far as they are wanted; what came, and the close code if the
    server closed."""
    headers = [(b"host", b"localhost")]
    socket = PatientSocket(application, path, headers=headers)
    assert (await socket.connect(PATIENCE_SECONDS))[0]
    for frame in frames:
        if socket.future.done():
            break
        await socket.send_input({"type": "websocket.receive", **_content(frame)})
        await asyncio.sleep(0)
    answers, code = await _answers(socket)
    await socket.disconnect(timeout=PATIENCE_SECONDS)
    return answers, code


def _content(frame: str | bytes) -> dict[str, Any]:
    if isinstance(frame, bytes):
        return {"bytes": frame}
    # The WebSocket layer refuses what is not UTF-8.
    return {"text": frame.encode("utf-8", "replace").decode()}


async def _answers(socket: WebsocketCommunicator) -> tuple[list[Any], int | None]:
    answers: list[Any] = []
    while not await socket.receive_nothing(timeout=0.02, interval=0.005):
        output = await socket.receive_output(PATIENCE_SECONDS)
        if output["type"] == "websocket.close":
            return answers, output["code"]
        text = output.get("text")
        answers.append(output["bytes"] if text is None else json.loads(text))
    return answers, None


def code_of(answer: Any) -> str:
    """The code of an error in any protocol; empty for other messages."""
    if not isinstance(answer, dict) or str(answer.get("type")).lower() != "error":
        return ""
    inner = answer.get("error")
    error = inner if isinstance(inner, dict) else answer
    return str(error.get("code") or error.get("variant") or "").lower()
