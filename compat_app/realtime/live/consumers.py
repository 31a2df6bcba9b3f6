"""`/v1/live/sessions`: the OpenAI Live API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel

from chat_app.conversation.caller import Caller
from chat_app.protocol.client import event_id_of
from common.config import Config
from common.errors import BadRequest, NotFound, QuotaExceeded, VoiceError
from common.messages import decode, encode
from compat_app.realtime.conversation.opening import choices_of
from compat_app.realtime.live import client
from compat_app.realtime.live.conversation import LiveConversation
from compat_app.realtime.live.errors import error_event
from compat_app.realtime.live.opening import open_live
from gateway_app.sockets.limits import SocketLimits
from gateway_app.voice_consumer import VoiceConsumer

USAGE_SECONDS = 60.0
LAST_EVENT_SECONDS = 5.0
"""For a client that reads slowly."""


class LiveConsumer(VoiceConsumer):
    """One connection. Its first event must be `session.start`."""

    kind = "live"
    session: LiveConversation | None = None
    _sending: asyncio.Task[None] | None = None
    _event_id: str | None = None
    """The client's id of the event that was refused."""

    def limits(self, config: Config) -> SocketLimits:
        """Audio is text here, so there is one limit for all messages."""
        largest = config.max_base64_message_kb * 1024
        return SocketLimits(
            max_sessions=config.chat_max_sessions,
            max_message_bytes=largest,
            max_text_bytes=largest,
            idle_seconds=config.chat_idle_seconds,
            first_message_seconds=config.stt_first_message_seconds,
            session_seconds=config.realtime_session_seconds,
        )

    async def opened(self) -> None:
        """Raises NotFound if the API is off, or if this process holds no
        conversations."""
        if not self.gateway.config.live_api:
            raise NotFound("The Live API is turned off (`live_api`).")
        choices_of(self.scope)

    def on_audio(self, frame: bytes) -> None:
        """Raises BadRequest: audio, in any encoding, comes as base64 in JSON."""
        raise BadRequest("Send audio as base64 in `session.input_audio.append`.")

    async def on_text(self, text: str) -> None:
        try:
            event = decode(text, client.CLIENT_FAMILY)
        except BadRequest:
            self._event_id = event_id_of(text)
            raise
        try:
            await self._handle(event)
        except BadRequest as refusal:
            # Not raised: an event that can be read may come at the wrong time any
            # number of times.
            self._event_id = event.event_id
            await self.connection.tell(refusal)
        except VoiceError:
            self._event_id = event.event_id
            raise

    async def finish(self, reason: str) -> None:
        """Close once `session.closed` was sent: nothing may follow it."""
        if self.session is not None:
            await self.session.finish(reason)
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=LAST_EVENT_SECONDS)
            quota = self._reached_quota()
            await self.connection.close(quota.close_code if quota else 1000)

    async def closed(self) -> None:
        if self.session is not None:
            await self.session.close()

    def encode_error(self, error: VoiceError) -> str:
        event_id, self._event_id = self._event_id, None
        return encode(error_event(error, event_id))

    async def _handle(self, event: client.ClientMessage) -> None:
        if self.session is None:
            await self._start(event)
        elif isinstance(event, client.AppendAudio):
            await self.session.hear(event.audio)
        elif isinstance(event, client.SessionClose):
            await self.session.finish("close_requested")
        elif (answer := await self.session.handle(event)) is not None:
            await self.send_message(answer)

    async def _start(self, event: client.ClientMessage) -> None:
        if not isinstance(event, client.SessionStart):
            raise BadRequest("The first event must be `session.start`.")
        caller = Caller(self.principal, self.client, self.session_id)
        choices = choices_of(self.scope)
        self.session = session = await open_live(choices, caller, event.session)
        await self.send_message(session.started(event.event_id))
        self._sending = self.pump(self._events(session))
        self.accompany(self._tell_usage)

    async def _events(self, session: LiveConversation) -> AsyncIterator[BaseModel]:
        async for event in session.events():
            yield event
        # `session.closed` knows no quotas.
        if (quota := self._reached_quota()) is not None:
            await self.connection.tell(quota)
        yield session.closed()

    def _reached_quota(self) -> QuotaExceeded | None:
        """The quota that ends the session."""
        ending = self.connection.ending
        return ending if isinstance(ending, QuotaExceeded) else None

    async def _tell_usage(self) -> None:
        while self.session is not None:
            await asyncio.sleep(USAGE_SECONDS)
            await self.send_message(self.session.usage_event())
