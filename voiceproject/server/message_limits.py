"""How large a WebSocket message may be before the server stops reading it."""

from __future__ import annotations

from common.config import Config

KILOBYTE = 1_024
BASE64_AUDIO = ("/v1/realtime",)
"""Addresses whose clients send audio as base64 text."""
_ABOVE = 2
"""So far above the application's own limit that it can say why it closes."""


class MessageLimits:
    """The configured sizes."""

    def __init__(self, config: Config) -> None:
        self.usual_bytes = _ABOVE * config.max_message_kb * KILOBYTE
        self._base64_bytes = _ABOVE * config.max_base64_message_kb * KILOBYTE

    def of(self, path: str) -> int:
        """The limit of an address in bytes."""
        return self._base64_bytes if path in BASE64_AUDIO else self.usual_bytes
