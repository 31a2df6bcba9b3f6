"""`/ws/monitor`: the live figures of all processes."""

from __future__ import annotations

from common.errors import BadRequest
from gateway_app.monitor.monitor import Monitor
from gateway_app.sockets.consumers import VoiceConsumer


class MonitorConsumer(VoiceConsumer):
    """Sends the history, then a snapshot a second; it listens to nothing."""

    kind = "monitor"

    async def opened(self) -> None:
        monitor: Monitor = self.services["monitor"]
        self.pump(monitor.watch())

    def on_audio(self, frame: bytes) -> None:
        raise BadRequest("This socket only sends figures; it takes no audio.")

    async def on_text(self, text: str) -> None:
        raise BadRequest("This socket only sends figures; it takes no messages.")
