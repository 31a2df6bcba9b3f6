"""`/v1/realtime`: the OpenAI Realtime API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

from chat_app.consumers import VoiceConversationConsumer
from common.config import Config
from common.errors import BadRequest, IdleTimeout, NotFound, Restarting, VoiceError
from compat_app.realtime.opening import Session, SessionOpener, query_kind
from compat_app.realtime.shared.errors import Refused, error_event
from compat_app.realtime.shared.kinds import Kind
from compat_app.realtime.shared.messages import AppendAudio, SessionUpdate
from compat_app.realtime.shared.reading import read_event
from gateway_app.sockets.limits import SocketLimits
from gateway_app.voice_consumer import VoiceConsumer

_SILENT_CLOSES = {
    "restarting": Restarting.close_code,
    "idle": IdleTimeout.close_code,
}
"""Clients give up after an `error` event, but reconnect after a close."""


class RealtimeConsumer(VoiceConsumer):
    """One connection: a conversation, or transcription only, which `session.update` may
    still choose before the first audio."""

    kind = "realtime"
    session: Session | None = None
    _opener: SessionOpener
    _has_audio = False
    _successor: asyncio.Future[Session] | None = None
    """The session of another type, while it takes the place of the one before."""

    def limits(self, config: Config) -> SocketLimits:
        """Audio is text here, so there is one limit for all messages. Conversations share
        their seats with those of `/ws/voice`."""
        query = _query(self.scope["query_string"])
        intent, model = query.get("intent", ""), query.get("model", "")
        converses = query_kind(self.scope, intent, model) is Kind.CONVERSATION
        if converses:
            self.connection.kind = VoiceConversationConsumer.kind
        largest = config.max_base64_message_kb * 1024
        return SocketLimits(
            max_sessions=config.chat_max_sessions
            if converses
            else config.stt_max_sessions,
            max_message_bytes=largest,
            max_text_bytes=largest,
            idle_seconds=config.stt_idle_seconds,
            first_message_seconds=config.stt_first_message_seconds,
            session_seconds=config.realtime_session_seconds,
        )

    async def opened(self) -> None:
        """Raises NotFound if the API is off or no model has the name in the address, and
        Forbidden without the scope of this kind of session."""
        if not self.gateway.config.realtime_api:
            raise NotFound("The Realtime API is turned off (`realtime_api`).")
        self._opener = SessionOpener(
            self.scope, self.principal, self.client, self.session_id
        )
        query = _query(self.scope["query_string"])
        kind = self._opener.kind(query.get("intent", ""), query.get("model", ""))
        self.session = await self._opener.open(kind, query.get("model", ""))
        await self.send_message(self.session.created())
        self.pump(self._events())

    def on_audio(self, frame: bytes) -> None:
        """Raises BadRequest: audio, in any encoding, comes as base64 in JSON."""
        raise BadRequest("Send audio as base64 in `input_audio_buffer.append`.")

    async def on_text(self, text: str) -> None:
        if self.session is None:
            return
        try:
            event = read_event(text, self.session.kind)
            if isinstance(event, SessionUpdate) and not self._has_audio:
                await self._change_kind(event)
            self._has_audio = self._has_audio or isinstance(event, AppendAudio)
            await self.session.handle(event)
        except Refused as refusal:
            # Not raised: a client may send as many of these as it likes.
            await self.connection.tell(refusal)

    async def finish(self, reason: str) -> None:
        if self.session is not None:
            await self.session.finish(reason)
        if reason in _SILENT_CLOSES:
            await self.connection.close(_SILENT_CLOSES[reason])

    def warn(self, seconds: float) -> None:
        if self.session is not None:
            self.session.warn(seconds)

    async def closed(self) -> None:
        if self.session is not None:
            await self.session.close()

    def encode_error(self, error: VoiceError) -> str:
        return json.dumps(error_event(error).wire(), allow_nan=False)

    async def _change_kind(self, event: SessionUpdate) -> None:
        """Open a session of the other type, if the update asks for it. It is configured
        by the update, like any other. Raises Refused."""
        old, kind = self.session, Kind(event.session.type)
        if old is None or old.kind is kind:
            return
        self._opener.check(kind, event.event_id)
        successor: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self._successor = successor
        # The new one has the session's id, which only one may have.
        await old.close()
        self.session = await self._opener.open_other(kind)
        successor.set_result(self.session)

    async def _events(self) -> AsyncIterator[dict[str, Any]]:
        """Those of the session, and of each one that took its place."""
        session = self.session
        while session is not None:
            async for event in session.events():
                yield event
            successor, self._successor = self._successor, None
            session = None if successor is None else await successor


def _query(query: bytes) -> dict[str, str]:
    """The fields of the address."""
    return dict(parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True))
