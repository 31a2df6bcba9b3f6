"""The front desk's WebSockets: `/ws/monitor`, and addresses where nothing is."""

from __future__ import annotations

from common.errors import BadRequest, NotFound
from gateway_app.voice_consumer import VoiceConsumer


class MonitorConsumer(VoiceConsumer):
    """Sends the history, then a snapshot a second; it listens to nothing."""

    kind = "monitor"

    async def opened(self) -> None:
        self.pump(self.gateway.monitor.watch())

    def on_audio(self, frame: bytes) -> None:
        raise BadRequest("This socket only sends figures; it takes no audio.")

    async def on_text(self, text: str) -> None:
        raise BadRequest("This socket only sends figures; it takes no messages.")


class UnknownSocket(VoiceConsumer):
    """The last route: an address where no socket is."""

    kind = "unknown"

    async def opened(self) -> None:
        raise NotFound(f"There is no WebSocket at {self.scope['path']}.")
