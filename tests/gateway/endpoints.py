"""An endpoint for tests of what every socket does."""

from __future__ import annotations

import math

from common.config import Config
from gateway_app.sockets.limits import CONTROL_MESSAGE_BYTES, SocketLimits
from gateway_app.voice_consumer import VoiceConsumer


class OpenEndpoint(VoiceConsumer):
    """It has the limits of `/ws/stt`, and lasts as long as the test."""

    kind = "stt"

    def limits(self, config: Config) -> SocketLimits:
        return SocketLimits(
            max_sessions=config.stt_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=math.inf,
            session_seconds=math.inf,
        )
