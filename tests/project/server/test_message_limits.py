"""How large a message each WebSocket address takes."""

from __future__ import annotations

import pytest

from common.config import Config
from voiceproject.server.message_limits import MessageLimits


@pytest.mark.parametrize(
    ("path", "limit_bytes"),
    [
        ("/ws/stt", 20 * 1_024),
        ("/v1/listen", 20 * 1_024),
        ("/v1/realtime", 200 * 1_024),
        ("/v1/live/sessions", 200 * 1_024),
        ("/v1/realtime/x", 20 * 1_024),
        ("/nowhere", 20 * 1_024),
    ],
)
def test_only_addresses_with_base64_audio_take_more(
    path: str, limit_bytes: int
) -> None:
    config = Config(max_message_kb=10, max_base64_message_kb=100)
    assert MessageLimits(config).of(path) == limit_bytes
