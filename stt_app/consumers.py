"""`/ws/stt`: live speech in, text out."""

from __future__ import annotations

from urllib.parse import parse_qsl

from pydantic import TypeAdapter

from common.errors import BadRequest
from common.messages import validate
from gateway_app.consumers import VoiceConsumer
from gateway_app.history import TranscriptRecord
from stt_app.core.messages import (
    CLIENT_FAMILY,
    ClientMessage,
    Close,
    Configure,
    Flush,
    Options,
)
from stt_app.core.session import SttSession
from stt_app.core.transcribing import Heard

_OPTIONS: TypeAdapter[Options] = TypeAdapter(Options)


class SttConsumer(VoiceConsumer):
    """One connection: bytes and messages to its session, the session's messages back."""

    kind = "stt"
    family = CLIENT_FAMILY
    session: SttSession | None = None

    async def opened(self) -> None:
        config = self.services["loaded"].config
        options = query_options(self.scope["query_string"])
        defaults = {"language": config.whisper_lang, "sample_rate": config.sample_rate}
        self.session = SttSession(
            self.services["stt"],
            config,
            self.services["vad"],
            session_id=self.session_id,
            options=Options(**{**defaults, **options.model_dump(exclude_none=True)}),
            on_heard=self.keep,
        )
        self.pump(self.session.events())

    def on_audio(self, frame: bytes) -> None:
        self.opened_session.feed(frame)

    async def room(self) -> None:
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

    async def finish(self) -> None:
        if self.session is not None:
            await self.session.drain()

    async def closed(self) -> None:
        if self.session is not None:
            await self.session.close()

    @property
    def opened_session(self) -> SttSession:
        """The session; without one the socket is about to close."""
        if self.session is None:
            raise BadRequest("The connection was not opened.")
        return self.session

    def keep(self, heard: Heard) -> None:
        """Into the history with it."""
        record = TranscriptRecord(
            request_id=f"{self.session_id}-{heard.number}",
            session_id=self.session_id,
            client=self.client,
            text=heard.text,
            language=heard.language,
            model=heard.model,
            duration_seconds=round(heard.seconds, 3),
            stages_ms=heard.stages_ms,
            status="error" if heard.error else "ok",
            error=heard.error,
        )
        self.services["history"].record(record)


def query_options(query: bytes) -> Options:
    """The options in an address. Raises BadValue naming the parameter."""
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return validate(dict(pairs), _OPTIONS)
