"""The client of a connection, as the requests see it."""

from __future__ import annotations

import re

from wyoming.event import Eventable

from common.errors import VoiceError
from compat_app.wyoming.protocol.frames import encode
from gateway_app.access.principals import Principal
from gateway_app.sockets.connection import Connection

_STREAMS_TEXT = (1, 7)
"""The Wyoming library in which transcripts could first be streamed."""
_LEAVES_THE_END_TO_US = (1, 10)
"""The Wyoming library that first knew `requires_external_vad`. A client with an older
one, such as Home Assistant until the middle of 2026, finds the end of a voice command
itself and expects the text of all that it sent."""

_TWO_NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})(?!\d)")


class Client:
    """Sends events, and knows what the client understands."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.version = ""
        """Of its Wyoming library, which stands in each event. Without one the client is
        taken to know all of the protocol."""

    @property
    def principal(self) -> Principal:
        return self._connection.principal

    @property
    def address(self) -> str:
        return self._connection.client

    @property
    def is_gone(self) -> bool:
        return self._connection.closing

    @property
    def streams_text(self) -> bool:
        """Whether it knows the events of a streamed transcript."""
        return self._is_at_least(_STREAMS_TEXT)

    @property
    def leaves_the_end_to_us(self) -> bool:
        """Whether it knows that a server may end a voice command."""
        return self._is_at_least(_LEAVES_THE_END_TO_US)

    async def send(self, event: Eventable) -> None:
        """Send it; dropped after the end of the connection."""
        await self._connection.send(encode(event.event()))

    async def tell(self, error: VoiceError) -> None:
        """Send the error; the connection stays open."""
        await self._connection.tell(error)

    def _is_at_least(self, version: tuple[int, int]) -> bool:
        numbers = _TWO_NUMBERS.match(self.version)
        if numbers is None:
            return True
        return (int(numbers[1]), int(numbers[2])) >= version
