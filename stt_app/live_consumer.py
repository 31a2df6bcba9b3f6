"""The base of WebSocket endpoints whose binary messages are the audio of a live session."""

from __future__ import annotations

from common.config import Config
from common.errors import BadRequest
from gateway_app.sockets.limits import CONTROL_MESSAGE_BYTES, SocketLimits
from gateway_app.voice_consumer import VoiceConsumer
from stt_app.live_session import LiveSession


class LiveConsumer(VoiceConsumer):
    """Feeds its session, and lives as long as it. Subclasses set `live` in `opened`."""

    # The sessions of all these endpoints count together.
    kind = "stt"
    live: LiveSession | None = None

    def limits(self, config: Config) -> SocketLimits:
        return SocketLimits(
            max_sessions=config.stt_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=config.stt_idle_seconds,
            first_message_seconds=config.stt_first_message_seconds,
            session_seconds=config.stt_session_seconds,
        )

    def on_audio(self, frame: bytes) -> None:
        """Audio in the session's encoding, rate and channels. Raises UnsupportedAudio."""
        self.session.feed(frame)

    @property
    def slice_bytes(self) -> int:
        return self.session.slice_bytes

    async def wait_for_capacity(self) -> None:
        await self.session.wait_for_capacity()

    async def finish(self, reason: str) -> None:
        if self.live is not None:
            await self.live.drain(reason)

    def warn(self, seconds: float) -> None:
        self.session.warn_of_end(seconds)

    async def closed(self) -> None:
        if self.live is not None:
            await self.live.close(lost=self.may_return)

    @property
    def may_return(self) -> bool:
        """Whether the client may come back to this session."""
        return False

    @property
    def session(self) -> LiveSession:
        """The session. Raises BadRequest without one: the socket is about to close."""
        if self.live is None:
            raise BadRequest("The connection was not opened.")
        return self.live
