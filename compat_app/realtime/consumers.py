"""`/v1/realtime`: the OpenAI Realtime API."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from common.config import Config
from common.errors import BadRequest, IdleTimeout, NotFound, Restarting, VoiceError
from compat_app.realtime.errors import Refused, error_event
from compat_app.realtime.reading import read_event
from compat_app.realtime.transcription import Settings, TranscriptionSession
from gateway_app.sockets.limits import SocketLimits
from gateway_app.voice_consumer import VoiceConsumer
from stt_app.services import listening_services

_SILENT_CLOSES = {
    "restarting": Restarting.close_code,
    "idle": IdleTimeout.close_code,
}
"""Clients give up after an `error` event, but reconnect after a close."""


class RealtimeConsumer(VoiceConsumer):
    """One connection. It accepts every model and intent; what it serves so far is
    transcription."""

    kind = "realtime"
    session: TranscriptionSession | None = None

    def limits(self, config: Config) -> SocketLimits:
        """Audio is text here, so there is one limit for all messages."""
        largest = config.max_base64_message_kb * 1024
        return SocketLimits(
            max_sessions=config.stt_max_sessions,
            max_message_bytes=largest,
            max_text_bytes=largest,
            idle_seconds=config.stt_idle_seconds,
            first_message_seconds=config.stt_first_message_seconds,
            session_seconds=config.realtime_session_seconds,
        )

    async def opened(self) -> None:
        """Raises NotFound if the API is off or no model has the name in the address."""
        config = self.gateway.config
        if not config.realtime_api:
            raise NotFound("The Realtime API is turned off (`realtime_api`).")
        listening = listening_services(self.scope).listening
        settings = Settings(config, listening.models)
        initial = settings.initial(_model(self.scope["query_string"]))
        live = await listening.open_live(
            settings.options(initial),
            principal=self.principal,
            client=self.client,
            session_id=self.session_id,
            model=settings.engine_model(initial),
        )
        self.session = TranscriptionSession(live, settings, initial)
        await self.send_message(self.session.created())
        self.pump(self.session.events())

    def on_audio(self, frame: bytes) -> None:
        """Raises BadRequest: audio, in any encoding, comes as base64 in JSON."""
        raise BadRequest("Send audio as base64 in `input_audio_buffer.append`.")

    async def on_text(self, text: str) -> None:
        try:
            event = read_event(text)
            if self.session is not None:
                await self.session.obey(event)
        except Refused as refusal:
            # Not raised: a client may send as many of these as it likes.
            await self.connection.tell(refusal)

    async def finish(self, reason: str) -> None:
        if self.session is not None:
            await self.session.finish(reason)
        if reason in _SILENT_CLOSES:
            await self.connection.close(_SILENT_CLOSES[reason])

    async def closed(self) -> None:
        if self.session is not None:
            await self.session.close()

    def encode_error(self, error: VoiceError) -> str:
        return json.dumps(error_event(error).wire(), allow_nan=False)


def _model(query: bytes) -> str:
    """The model in the address; empty without one."""
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return dict(pairs).get("model", "")
