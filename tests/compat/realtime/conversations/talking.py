"""A client of a conversation of `/v1/realtime`, and services that answer it."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np

from common.audio import Samples, pcm16_to_float
from tests.compat.realtime.sockets import Client, opened

DONE = "response.done"
QUICK = {"type": "server_vad", "silence_duration_ms": 300}


class Talker(Client):
    """Holds a conversation. Every event that it reads is checked."""

    async def update(self, **session: Any) -> dict[str, Any]:
        await self.send("session.update", session={"type": "realtime", **session})
        updated = (await self.until("session.updated"))[-1]
        found: dict[str, Any] = updated["session"]
        return found

    async def ask(self, **response: Any) -> list[dict[str, Any]]:
        """Ask for a response; everything up to its end."""
        await self.send("response.create", response=response)
        return await self.until(DONE, "error")

    async def write(self, text: str, role: str = "user", **fields: Any) -> None:
        """Add a message, and read that it was added."""
        kind = "output_text" if role == "assistant" else "input_text"
        content = [{"type": kind, "text": text}]
        await self.add({"type": "message", "role": role, "content": content}, **fields)

    async def add(self, item: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Add an item; as the server has added it."""
        await self.send("conversation.item.create", item=item, **fields)
        added, done = await self.next(), await self.next()
        assert added["type"] == "conversation.item.added", added
        assert done["type"] == "conversation.item.done", done
        assert added["item"] == done["item"]
        return added


@contextlib.asynccontextmanager
async def talking(
    services: Any, query: str = "?model=gpt-realtime", *, key: str = "", **session: Any
) -> AsyncIterator[Talker]:
    """A client whose conversation is configured with these fields, if there are any."""
    async with opened(services, query, key=key) as client:
        talker = Talker(client.socket)
        created = await talker.next()
        assert created["type"] == "session.created"
        assert created["session"]["type"] == "realtime"
        if session:
            await talker.update(**session)
        yield talker


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    """The types, each run of the same one once."""
    names: list[str] = []
    for event in events:
        if not names or names[-1] != event["type"]:
            names.append(event["type"])
    return names


def typed(events: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def one(events: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The only event of that type."""
    (found,) = typed(events, kind)
    return found


def audio_of(events: Sequence[dict[str, Any]]) -> bytes:
    """All audio of a response, in the session's format."""
    deltas = typed(events, "response.output_audio.delta")
    return b"".join(base64.b64decode(each["delta"]) for each in deltas)


def samples_of(events: Sequence[dict[str, Any]]) -> Samples:
    return np.asarray(pcm16_to_float(audio_of(events)))
