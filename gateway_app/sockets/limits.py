"""What a door allows each of its connections."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import BadRequest, TooLarge

CONTROL_MESSAGE_BYTES = 16 * 1024
"""Enough for a message of a door whose audio is binary."""
MAX_STRIKES = 3
"""So many malformed messages in a row close the connection."""


@dataclass(frozen=True)
class SocketLimits:
    """Bounds of one door. Each is declared; `math.inf` says that there is none."""

    max_sessions: int
    """Connections to this door at the same time, in one process."""
    max_message_bytes: int
    """A larger message, text or binary, closes the connection."""
    max_text_bytes: int
    """A larger text message is refused; the connection stays open."""
    idle_seconds: float
    """A connection from which nothing comes for so long is ended."""
    session_seconds: float
    """Longest connection; it is warned a minute before its end."""
    max_strikes: int = MAX_STRIKES
    carrier: str = "WebSocket"
    """What carries the messages, as errors name it."""

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


class Strikes:
    """Counts malformed messages in a row."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0

    def forgive(self) -> None:
        """A message that was all right has come."""
        self._count = 0

    def add(self) -> bool:
        """One more malformed message; whether it was one too many."""
        self._count += 1
        return self._count >= self._most
