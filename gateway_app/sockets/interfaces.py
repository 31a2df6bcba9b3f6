"""What an endpoint provides for its connections: a transport and a handler."""

from __future__ import annotations

from typing import Protocol

from common.errors import VoiceError


class Transport(Protocol):
    """The transport of a connection."""

    async def transmit(self, message: str | bytes) -> None:
        """Send one message. Raises OSError if the client is gone."""

    async def hang_up(self, code: int) -> None:
        """Close; a transport without close codes ignores the code."""


class Handler(Protocol):
    """The hooks of an endpoint. A VoiceError in a hook closes the connection."""

    @property
    def slice_bytes(self) -> int:
        """`on_audio` gets longer frames in pieces of this size."""

    async def opened(self) -> None:
        """The principal was admitted."""

    def on_audio(self, frame: bytes) -> None:
        """A binary message, or a piece of one. It must not wait.

        It is audio in the encoding and rate that the endpoint and its client agreed on.
        """

    async def wait_for_capacity(self) -> None:
        """Back-pressure: awaited after each piece; wait here while the session is
        behind."""

    async def on_text(self, text: str) -> None:
        """A text message. A BadRequest is sent to the client, and the socket stays
        open."""

    async def finish(self, reason: str) -> None:
        """Send what is left; `reason` is `restarting`, `idle`, `expired` or
        `quota`."""

    def warn(self, seconds: float) -> None:
        """The connection reaches its time limit in this many seconds."""

    async def closed(self) -> None:
        """The connection has ended, for any reason. Called once if `opened` was."""

    def encode_error(self, error: VoiceError) -> str | bytes:
        """The error in this endpoint's protocol."""
