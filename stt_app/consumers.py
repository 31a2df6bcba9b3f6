"""`/ws/stt`: live speech in, text out."""

from __future__ import annotations

from common.config import Config
from common.errors import BadRequest
from gateway_app.sockets.limits import CONTROL_MESSAGE_BYTES, SocketLimits
from gateway_app.voice_consumer import VoiceConsumer
from stt_app.protocol.addresses import query_address
from stt_app.protocol.events import as_messages
from stt_app.protocol.messages import (
    CLIENT_FAMILY,
    ClientMessage,
    Close,
    Configure,
    Flush,
)
from stt_app.service import LiveSession
from stt_app.services import listening_services

_CLEAN_CODES = (1000, 1001, 1005)
"""Close codes of a client that has finished; after others it may reconnect."""


class SttConsumer(VoiceConsumer):
    """One connection: passes audio and messages to its session, and sends the session's
    events."""

    kind = "stt"
    family = CLIENT_FAMILY
    live: LiveSession | None = None

    def limits(self, config: Config) -> SocketLimits:
        return SocketLimits(
            max_sessions=config.stt_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=config.stt_idle_seconds,
            session_seconds=config.stt_session_seconds,
        )

    async def opened(self) -> None:
        address = query_address(self.scope["query_string"])
        self.live = await listening_services(self.scope).listening.open_live(
            address.options,
            principal=self.principal,
            client=self.client,
            session_id=self.session_id,
            resume=address.resume_point,
        )
        self.session_id = self.live.session_id
        self.pump(as_messages(self.live.events()))

    def on_audio(self, frame: bytes) -> None:
        """Mono audio in the session's encoding and rate. Raises UnsupportedAudio."""
        self.session.feed(frame)

    @property
    def slice_bytes(self) -> int:
        return self.session.slice_bytes

    async def wait_for_capacity(self) -> None:
        await self.session.wait_for_capacity()

    async def on_text(self, text: str) -> None:
        if text.strip() == "flush":
            await self.on_message(Flush())
        else:
            await super().on_text(text)

    async def on_message(self, message: ClientMessage) -> None:
        if isinstance(message, Configure):
            self.session.configure(message)
        elif isinstance(message, Flush):
            self.session.flush()
        elif isinstance(message, Close):
            self.session.finish()

    async def finish(self, reason: str) -> None:
        if self.live is not None:
            await self.live.drain(reason)

    def warn(self, seconds: float) -> None:
        self.session.warn_of_end(seconds)

    async def closed(self) -> None:
        if self.live is not None:
            lost = not self.server_closed and self.close_code not in _CLEAN_CODES
            await self.live.close(lost=lost)

    @property
    def session(self) -> LiveSession:
        """The session. Raises BadRequest without one: the socket is about to close."""
        if self.live is None:
            raise BadRequest("The connection was not opened.")
        return self.live
