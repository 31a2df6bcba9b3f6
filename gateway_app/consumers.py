"""The front desk's WebSockets: `/ws/monitor`, and addresses where nothing is."""

from __future__ import annotations

import math

from common.config import Config
from common.errors import BadRequest, NotFound
from gateway_app.sockets.limits import CONTROL_MESSAGE_BYTES, SocketLimits
from gateway_app.voice_consumer import VoiceConsumer


class MonitorConsumer(VoiceConsumer):
    """Sends the history, then a snapshot a second; it listens to nothing."""

    kind = "monitor"

    def limits(self, config: Config) -> SocketLimits:
        """Nothing is to come from the client, so its silence ends nothing."""
        return SocketLimits(
            max_sessions=config.monitor_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=math.inf,
            session_seconds=math.inf,
        )

    async def opened(self) -> None:
        self.pump(self.gateway.monitor.watch())

    def on_audio(self, frame: bytes) -> None:
        raise BadRequest("This socket only sends figures; it takes no audio.")

    async def on_text(self, text: str) -> None:
        raise BadRequest("This socket only sends figures; it takes no messages.")


class UnknownSocket(VoiceConsumer):
    """The last route: an address where no socket is."""

    kind = "unknown"

    def limits(self, config: Config) -> SocketLimits:
        """It is closed at once."""
        return SocketLimits(
            max_sessions=config.max_connections,
            max_message_bytes=CONTROL_MESSAGE_BYTES,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=1.0,
            session_seconds=1.0,
        )

    async def opened(self) -> None:
        raise NotFound(f"There is no WebSocket at {self.scope['path']}.")
