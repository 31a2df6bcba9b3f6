"""The gateway's WebSockets: `/ws/monitor`, and unknown addresses."""

from __future__ import annotations

import math

from common.config import Config
from common.errors import BadRequest, NotFound
from gateway_app.monitor.viewers import as_seen_by
from gateway_app.sockets.limits import CONTROL_MESSAGE_BYTES, SocketLimits
from gateway_app.voice_consumer import VoiceConsumer


class MonitorConsumer(VoiceConsumer):
    """Sends the history, then a snapshot every second; accepts no messages."""

    kind = "monitor"

    def limits(self, config: Config) -> SocketLimits:
        """The client sends nothing, so there is no idle timeout."""
        return SocketLimits(
            max_sessions=config.monitor_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=math.inf,
            session_seconds=math.inf,
        )

    async def opened(self) -> None:
        snapshots = self.gateway.monitor.watch()
        self.pump(as_seen_by(self.principal, self.client, snapshots))

    def on_audio(self, frame: bytes) -> None:
        """Raises BadRequest for audio in any encoding and at any rate."""
        raise BadRequest("This socket only sends figures; it takes no audio.")

    async def on_text(self, text: str) -> None:
        """Raises BadRequest."""
        raise BadRequest("This socket only sends figures; it takes no messages.")


class UnknownSocket(VoiceConsumer):
    """The last route: an unknown address."""

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
        """Raises NotFound, which closes it."""
        raise NotFound(f"There is no WebSocket at {self.scope['path']}.")
