"""What a door brings to its connections: what carries them, and what it does with them."""

from __future__ import annotations

from typing import Protocol

from common.errors import VoiceError


class Transport(Protocol):
    """What carries the messages of a connection."""

    async def transmit(self, message: str | bytes) -> None:
        """Send one message. Raises OSError when the client is gone."""

    async def hang_up(self, code: int) -> None:
        """Close; a transport without close codes ignores the code."""


class Handler(Protocol):
    """What a door does with its connection. A VoiceError in a hook closes it."""

    @property
    def slice_bytes(self) -> int:
        """`on_audio` gets longer frames in pieces of this size."""

    async def opened(self) -> None:
        """The principal was let in."""

    def on_audio(self, frame: bytes) -> None:
        """A binary message, or a piece of one. It must not wait."""

    async def wait_for_capacity(self) -> None:
        """Awaited after each piece: wait here while the session is behind."""

    async def on_text(self, text: str) -> None:
        """A text message. A BadRequest is told to the client, and the socket stays open."""

    async def finish(self, reason: str) -> None:
        """Send what is left; `reason` is `restarting`, `idle` or `expired`."""

    def warn(self, seconds: float) -> None:
        """The longest time that this connection may last ends in so many seconds."""

    async def closed(self) -> None:
        """The connection has ended, however it did. Called once if `opened` was."""

    def encode_error(self, error: VoiceError) -> str | bytes:
        """The error as a message of this door's protocol."""
