"""How large a WebSocket message may be before the server stops reading it."""

from __future__ import annotations

from common.config import Config
from gateway_app.access.root_path import below

KILOBYTE = 1_024
BASE64_AUDIO = ("/v1/realtime", "/v1/live/sessions")
"""Addresses whose clients send audio as base64 text."""
_ABOVE = 2
"""So far above the application's own limit that it can say why it closes."""


class MessageLimits:
    """The configured sizes."""

    def __init__(self, config: Config) -> None:
        self._root = config.root_path
        self.usual_bytes = _ABOVE * config.max_message_kb * KILOBYTE
        self._base64_bytes = _ABOVE * config.max_base64_message_kb * KILOBYTE

    def of(self, path: str) -> int:
        """The limit of an address in bytes."""
        is_base64 = below(path, self._root) in BASE64_AUDIO
        return self._base64_bytes if is_base64 else self.usual_bytes
