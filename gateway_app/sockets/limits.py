"""The limits of an endpoint's connections."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from common.errors import BadRequest, TooLarge

CONTROL_MESSAGE_BYTES = 16 * 1024
"""Enough for a message of an endpoint whose audio is binary."""
MAX_STRIKES = 3
"""This many malformed messages in a row close the connection."""


@dataclass(frozen=True)
class SocketLimits:
    """Limits of one endpoint. Each is required; `math.inf` means none."""

    max_sessions: int
    """Connections to this endpoint at the same time, in one process."""
    max_message_bytes: int
    """A larger message, text or binary, closes the connection."""
    max_text_bytes: int
    """A larger text message is rejected; the connection stays open."""
    idle_seconds: float
    """Idle timeout of a connection."""
    session_seconds: float
    """Time limit of a connection; the client gets a warning a minute before."""
    first_message_seconds: float = math.inf
    """Idle timeout of a connection that has not sent anything yet."""
    messages_per_second: float = math.inf
    """A connection is read at most this fast."""
    max_strikes: int = MAX_STRIKES
    carrier: str = "WebSocket"
    """The name of the transport in error messages."""

    def check(self, message: bytes | str) -> None:
        """Raises TooLarge, or BadRequest for a text that is too long."""
        is_text = isinstance(message, str)
        size = len(message.encode()) if isinstance(message, str) else len(message)
        if size > self.max_message_bytes:
            limit = _size(self.max_message_bytes)
            raise TooLarge(f"A {self.carrier} message may be {limit} at most.")
        if is_text and size > self.max_text_bytes:
            raise BadRequest(
                f"A text message may be {self.max_text_bytes} bytes at most."
            )


def _size(limit_bytes: int) -> str:
    kib, rest = divmod(limit_bytes, 1024)
    return f"{limit_bytes} bytes" if rest else f"{kib} KiB"


class MessageRate:
    """A token bucket: a second's messages may come at once."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._free_at = clock()
        """When the messages so far would have arrived at this rate."""

    def count(self) -> float:
        """Count a message; returns the seconds to wait before the next one."""
        now = self._clock()
        self._free_at = max(self._free_at, now) + 1 / self._per_second
        return max(0.0, self._free_at - now - 1)


class Strikes:
    """Counts malformed messages in a row."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0

    def forgive(self) -> None:
        """Count a valid message."""
        self._count = 0

    def add(self) -> bool:
        """Count a malformed message; returns whether the limit is reached."""
        self._count += 1
        return self._count >= self._most
