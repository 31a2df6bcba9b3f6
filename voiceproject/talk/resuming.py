"""Reconnects after a lost connection, and resumes the conversation."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voiceproject.talk.connection import NoServer, Refused, connected

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 4.0
ANSWER_SECONDS = 20.0
GIVES_UP_SECONDS = 60.0


@dataclass(frozen=True)
class Connector:
    """Connects to a server, again if the connection is lost."""

    url: str
    key: str = ""

    async def connect(self, token: str = "") -> ClientConnection:
        """A connection: to the conversation with that token, or to a new one.

        Raises NoServer and Refused.
        """
        url = f"{self.url}?resume={token}" if token else self.url
        return await connected(url, self.key)

    async def reconnect(self, token: str) -> tuple[ClientConnection, dict[str, Any]]:
        """The connection with the `session.created` that it began with.

        Raises Refused when the conversation cannot go on, and NoServer when no server
        answers for a minute.
        """
        wait = FIRST_WAIT_SECONDS
        give_up_at = asyncio.get_running_loop().time() + GIVES_UP_SECONDS
        while True:
            try:
                if (found := await self._try(token)) is not None:
                    return found
            except (NoServer, ConnectionClosed, TimeoutError) as error:
                if asyncio.get_running_loop().time() > give_up_at:
                    raise NoServer("The connection was lost.") from error
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    async def _try(self, token: str) -> tuple[ClientConnection, dict[str, Any]] | None:
        """None while the server is too busy."""
        socket = await self.connect(token)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                event = json.loads(await socket.recv())
        except BaseException:
            await socket.close()
            raise
        if event["type"] == "session.created" and event["session"].get("x.resumed"):
            return socket, event
        await socket.close()
        error = event.get("error", {})
        if "retry_after" in error:
            return None
        raise Refused(
            error.get("message")
            or "The connection was lost, and the server no longer has the conversation."
        )
