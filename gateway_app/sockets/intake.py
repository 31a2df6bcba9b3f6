"""Passes the messages of a connection to its handler, within the limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from common.errors import BadRequest
from gateway_app.sockets.clock import Clock
from gateway_app.sockets.interfaces import Handler
from gateway_app.sockets.limits import MessageRate, SocketLimits, Strikes


class MessageIntake:
    """Checks the size, the rate and the malformed messages of one connection."""

    def __init__(
        self,
        handler: Handler,
        limits: SocketLimits,
        clock: Clock,
        tell: Callable[[BadRequest], Awaitable[None]],
    ) -> None:
        """`tell` sends an error to the client; the connection stays open."""
        self._handler = handler
        self._limits = limits
        self._clock = clock
        self._tell = tell
        self._strikes = Strikes(limits.max_strikes)
        self._rate = MessageRate(limits.messages_per_second, clock)

    async def take(self, message: bytes | str) -> None:
        """Pass a message on, then wait while messages arrive too fast. An empty binary
        message is ignored.

        Raises TooLarge, BadRequest after too many malformed messages in a row, and the
        errors of the handler.
        """
        if isinstance(message, str):
            await self._take_text(message)
        elif message:
            self._limits.check(message)
            self._strikes.forgive()
            await self._take_audio(message)
        if wait_seconds := self._rate.count():
            await self._clock.sleep(wait_seconds)

    async def _take_text(self, text: str) -> None:
        try:
            self._limits.check(text)
            await self._handler.on_text(text)
        except BadRequest as error:
            if self._strikes.add():
                raise
            await self._tell(error)
        else:
            self._strikes.forgive()

    async def _take_audio(self, frame: bytes) -> None:
        handler, size = self._handler, self._handler.slice_bytes
        for start in range(0, len(frame), size):
            handler.on_audio(frame[start : start + size])
            await handler.wait_for_capacity()
