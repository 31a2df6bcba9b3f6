"""A client of `/v1/live/sessions` in the application itself, without a network.

Every event that it reads is checked by the types of the openai library.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, get_args

from openai.types.live import ServerEvent
from pydantic import BaseModel

from tests.compat.realtime.sdk_types import undeclared
from tests.compat.realtime.sockets import CheckedClient
from tests.patient_socket import PatientSocket
from voiceproject.asgi import build_application

CLASSES: dict[str, type[BaseModel]] = {
    get_args(each.model_fields["type"].annotation)[0]: each
    for each in get_args(get_args(ServerEvent)[0])
}


def check_event(event: dict[str, Any]) -> None:
    """Raises if a field is wrong, missing or unknown to the library."""
    parsed = CLASSES[event["type"]].model_validate(event, strict=True)
    unknown = list(undeclared(parsed))
    assert not unknown, f"{event['type']} has unknown fields: {unknown}"


class LiveClient(CheckedClient):
    """A client of the Live API."""

    APPEND = "session.input_audio.append"

    def check(self, event: dict[str, Any]) -> None:
        check_event(event)

    async def start(self, **session: Any) -> dict[str, Any]:
        """Begin the session; the configuration in effect."""
        await self.send("session.start", session={"model": "gpt-live-1", **session})
        started = await self.next()
        assert started["type"] == "session.started", started
        found: dict[str, Any] = started["session"]
        return found


@contextlib.asynccontextmanager
async def opened(services: Any, key: str = "") -> AsyncIterator[LiveClient]:
    """A client that has sent nothing yet."""
    headers = [(b"host", b"localhost")]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    socket = PatientSocket(
        build_application(services), "/v1/live/sessions", headers=headers
    )
    accepted, _ = await socket.connect()
    assert accepted
    yield LiveClient(socket)
    await socket.disconnect()


def text_of(events: list[dict[str, Any]], kind: str) -> str:
    """The pieces of a transcript, joined."""
    return "".join(each["delta"] for each in events if each["type"] == kind).strip()
