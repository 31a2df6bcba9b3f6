"""`/ws/voice`: spoken conversation, with binary audio both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import BaseModel

from chat_app.protocol import client, server
from chat_app.protocol.client import event_id_of
from chat_app.protocol.configuration import Configuration
from chat_app.protocol.shapes import item_of
from chat_app.protocol.wire import as_messages, error_event
from chat_app.services import conversation_services
from chat_app.session.session import ConversationSession
from common.config import Config
from common.errors import BadRequest, BadValue, VoiceError
from common.messages import encode
from gateway_app.sockets.limits import SocketLimits
from gateway_app.voice_consumer import VoiceConsumer


class VoiceConversationConsumer(VoiceConsumer):
    """One connection: passes audio and messages to its conversation, and sends the events."""

    kind = "voice"
    family = client.CLIENT_FAMILY
    conversation: ConversationSession | None = None
    _event_id: str | None = None
    """The client's id of the event that the next error is about."""

    def limits(self, config: Config) -> SocketLimits:
        return SocketLimits(
            max_sessions=config.chat_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=config.max_message_kb * 1024,
            idle_seconds=config.chat_idle_seconds,
            session_seconds=config.chat_session_seconds,
        )

    async def opened(self) -> None:
        service = conversation_services(self.scope).conversations
        self._configuration = Configuration(service.defaults())
        not_ready = await service.not_warm(self._configuration.options)
        self.conversation = await service.open(
            self._configuration.options,
            rate_hz=self._configuration.rate_hz,
            principal=self.principal,
            client=self.client,
            session_id=self.session_id,
        )
        session = {**self._session(), "x.not_ready": not_ready}
        await self.send_message(server.SessionCreated(session=session))
        self.pump(self._messages(self.conversation))

    def on_audio(self, frame: bytes) -> None:
        self._talk.feed(frame)

    @property
    def slice_bytes(self) -> int:
        return self._talk.slice_bytes

    async def wait_for_capacity(self) -> None:
        await self._talk.wait_for_capacity()

    async def on_text(self, text: str) -> None:
        try:
            await super().on_text(text)
        except BadRequest:
            self._event_id = event_id_of(text)
            raise

    async def on_message(self, message: client.ClientMessage) -> None:
        talk = self._talk
        match message:
            case client.SessionUpdate():
                await self._update(message)
            case client.CommitAudio():
                talk.commit_audio()
            case client.ClearAudio():
                talk.clear_audio()
                await self.send_message(server.Cleared())
            case client.CreateItem():
                talk.add_item(message.item.as_item(), message.previous_item_id)
            case client.TruncateItem():
                if not talk.truncate(message.item_id, message.audio_end_ms):
                    raise _no_item(message.item_id)
            case client.DeleteItem():
                if not talk.delete_item(message.item_id):
                    raise _no_item(message.item_id)
            case client.RetrieveItem():
                if (found := talk.item(message.item_id)) is None:
                    raise _no_item(message.item_id)
                await self.send_message(server.ItemRetrieved(item=item_of(found)))
            case client.CreateResponse():
                await self._respond(message)
            case client.CancelResponse():
                if not talk.cancel_reply(message.response_id or ""):
                    raise BadRequest("There is no active response.")
            case client.Played():
                talk.played(message.response_id, message.ms)

    async def finish(self, reason: str) -> None:
        if self.conversation is not None:
            await self.conversation.drain()

    def warn(self, seconds: float) -> None:
        self._talk.warn_of_end(seconds)

    async def closed(self) -> None:
        if self.conversation is not None:
            await self.conversation.close()

    def encode_error(self, error: VoiceError) -> str:
        event_id, self._event_id = self._event_id, None
        return encode(error_event(error, event_id))

    async def _update(self, message: client.SessionUpdate) -> None:
        service = conversation_services(self.scope).conversations
        updated = self._configuration.updated(message.session)
        await service.check(updated.options)
        instructions = service.instructions(updated.options)
        self._talk.configure(updated.options, instructions, updated.rate_hz)
        self._configuration = updated
        await self.send_message(server.SessionUpdated(session=self._session()))

    async def _respond(self, message: client.CreateResponse) -> None:
        service = conversation_services(self.scope).conversations
        options = self._configuration.options
        request = message.response.as_request(options, self._talk.item)
        await service.check_response(request)
        self._talk.ask_reply(request)

    def _session(self) -> dict[str, object]:
        return {"id": self.session_id, **self._configuration.wire()}

    async def _messages(
        self, conversation: ConversationSession
    ) -> AsyncIterator[BaseModel | bytes]:
        async for event in conversation.events():
            for message in as_messages(event):
                yield message

    @property
    def _talk(self) -> ConversationSession:
        """The conversation. Raises BadRequest without one: the socket is about to close."""
        if self.conversation is None:
            raise BadRequest("The connection was not opened.")
        return self.conversation


def _no_item(item_id: str) -> BadValue:
    return BadValue(f"There is no reply or item `{item_id[:40]}`.", field="item_id")
