"""`/ws/stt`: live speech in, text out."""

from __future__ import annotations

from common.config import Config
from common.errors import BadRequest
from gateway_app.history.records import TranscriptRecord
from gateway_app.sockets.limits import CONTROL_MESSAGE_BYTES, SocketLimits
from gateway_app.voice_consumer import VoiceConsumer
from stt_app.core.messages import (
    CLIENT_FAMILY,
    ClientMessage,
    Close,
    Configure,
    Flush,
)
from stt_app.core.session.session import SttSession
from stt_app.core.session.utterances import Heard
from stt_app.protocol.addresses import query_address, with_defaults
from stt_app.resume.streams import Stream, superseded, transcript_record
from stt_app.services import ListeningServices, listening_services

_CLEAN_CODES = (1000, 1001, 1005)
"""Codes with which a client says goodbye; after others it may come back."""


class SttConsumer(VoiceConsumer):
    """One connection: bytes and messages to its session, the session's messages back."""

    kind = "stt"
    family = CLIENT_FAMILY
    session: SttSession | None = None
    stream: Stream | None = None
    held: list[TranscriptRecord] | None = None
    """Records of a connection that has ended, which its client may yet take up."""

    def limits(self, config: Config) -> SocketLimits:
        return SocketLimits(
            max_sessions=config.stt_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=CONTROL_MESSAGE_BYTES,
            idle_seconds=config.stt_idle_seconds,
            session_seconds=config.stt_session_seconds,
        )

    async def opened(self) -> None:
        config, listening = self.gateway.config, self.listening
        address = query_address(self.scope["query_string"])
        if address.resume is None:
            listening.load.admit()
        self.stream = await listening.streams.take(
            address, self.session_id, self.principal.id, self.supersede
        )
        self.session_id = self.stream.session_id
        self.session = SttSession(
            listening.engine,
            config,
            listening.vad,
            session_id=self.session_id,
            options=with_defaults(address, config),
            load=listening.load,
            start=self.stream.start,
            on_heard=self.keep,
        )
        self.pump(self.stream.watching(self.session.events()))

    def on_audio(self, frame: bytes) -> None:
        self.opened_session.feed(frame)

    @property
    def slice_bytes(self) -> int:
        return self.opened_session.slice_bytes

    async def wait_for_capacity(self) -> None:
        await self.opened_session.room()

    async def on_text(self, text: str) -> None:
        if text.strip() == "flush":
            await self.on_message(Flush())
        else:
            await super().on_text(text)

    async def on_message(self, message: ClientMessage) -> None:
        session = self.opened_session
        if isinstance(message, Configure):
            session.configure(message)
        elif isinstance(message, Flush):
            session.flush()
        elif isinstance(message, Close):
            session.finish()

    async def finish(self, reason: str) -> None:
        if self.session is not None:
            await self.session.drain(reason)

    def warn(self, seconds: float) -> None:
        self.opened_session.warn_of_end(seconds)

    async def closed(self) -> None:
        if self.stream is None:
            return
        self.held = []
        lost = not self.server_closed and self.close_code not in _CLEAN_CODES
        if self.session is not None:
            await self.session.close()
        await self.listening.streams.leave(self.stream, self.held, lost=lost)

    def supersede(self) -> None:
        """Another connection has taken the stream up."""
        if self.stream is not None:
            self.stream.superseded = True
        self.accompany(lambda: self.fail(superseded()))

    @property
    def listening(self) -> ListeningServices:
        return listening_services(self.scope)

    @property
    def opened_session(self) -> SttSession:
        """The session; without one the socket is about to close."""
        if self.session is None:
            raise BadRequest("The connection was not opened.")
        return self.session

    def keep(self, heard: Heard) -> None:
        """Into the history with it."""
        record = transcript_record(
            heard, self.session_id, self.client, self.principal.id
        )
        if self.held is not None:
            self.held.append(record)
        else:
            self.gateway.history.record(record)
