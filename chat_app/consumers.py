"""`/ws/voice`: spoken conversation with binary audio in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from pydantic import BaseModel

from chat_app.conversation.caller import Caller
from chat_app.protocol import client, server
from chat_app.protocol.client import event_id_of
from chat_app.protocol.configuration import Configuration
from chat_app.protocol.shapes import item_of
from chat_app.protocol.wire import as_messages, error_event
from chat_app.resume.parking import HeldConversation
from chat_app.services import conversation_services
from chat_app.session.resumable import ResumableConversation
from chat_app.session.session import ConversationSession
from common.config import Config
from common.errors import BadRequest, BadValue, Superseded, VoiceError
from common.messages import encode, fields_of
from gateway_app.sockets.limits import SocketLimits
from gateway_app.voice_consumer import VoiceConsumer

_CLEAN_CODES = (1000, 1001, 1005)
"""Close codes of a client that is done; after any other it may reconnect."""


class VoiceConversationConsumer(VoiceConsumer):
    """One connection: passes audio and messages to its conversation, and sends the events."""

    kind = "voice"
    family = client.CLIENT_FAMILY
    _held: HeldConversation | None = None
    _sending: asyncio.Task[None] | None = None
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
        services = conversation_services(self.scope)
        token = self._resume_token()
        held = services.parking.claim(token, self.principal.id) if token else None
        resumed = held is not None
        held = held or await self._begin()
        self._held, held.give_up = held, self._give_up
        self.session_id = held.caller.session_id
        # A client that reconnects must not wait until the language model is idle.
        not_ready = services.conversations.not_ready()
        if not resumed:
            options = held.configuration.options
            not_ready = await services.conversations.not_warm(options)
        session = {
            **self._session(),
            "x.not_ready": not_ready,
            "x.resume_token": held.token,
            "x.resumed": resumed,
        }
        if resumed:
            session |= resumed_at(held.conversation)
            held.conversation.resume()
        await self.send_message(server.SessionCreated(session=session))
        if self._held is held:  # unless another connection has claimed it meanwhile
            self._sending = self.pump(self._messages(held.conversation))

    async def _begin(self) -> HeldConversation:
        services = conversation_services(self.scope)
        configuration = Configuration(services.conversations.defaults())
        caller = Caller(self.principal, self.client, self.session_id)
        conversation = await services.conversations.open(
            configuration.options, caller, rate_hz=configuration.rate_hz
        )
        held = HeldConversation(conversation, configuration, caller)
        services.parking.hold(held)
        return held

    def _resume_token(self) -> str:
        query: bytes = self.scope["query_string"]
        found = parse_qs(query.decode("ascii", "replace"))
        return found.get("resume", [""])[-1]

    def _give_up(self) -> None:
        """Called when another connection claims the conversation."""
        self._held = None
        if self._sending is not None:
            self._sending.cancel()
        error = Superseded("Another connection has taken this conversation up.")
        self.accompany(lambda: self.fail(error))

    def on_audio(self, frame: bytes) -> None:
        self._conversation.feed(frame)

    @property
    def slice_bytes(self) -> int:
        return self._conversation.slice_bytes

    async def wait_for_capacity(self) -> None:
        await self._conversation.wait_for_capacity()

    async def on_text(self, text: str) -> None:
        try:
            await super().on_text(text)
        except BadRequest:
            self._event_id = event_id_of(text)
            raise

    async def on_message(self, message: client.ClientMessage) -> None:
        conversation = self._conversation
        match message:
            case client.SessionUpdate():
                await self._update(message)
            case client.CommitAudio():
                conversation.commit_audio()
            case client.ClearAudio():
                conversation.clear_audio()
                await self.send_message(server.Cleared())
            case client.CreateItem():
                conversation.add_item(message.item.as_item(), message.previous_item_id)
            case client.TruncateItem():
                if not conversation.truncate(message.item_id, message.audio_end_ms):
                    raise _no_item(message.item_id)
            case client.DeleteItem():
                if not conversation.delete_item(message.item_id):
                    raise _no_item(message.item_id)
            case client.RetrieveItem():
                if (found := conversation.item(message.item_id)) is None:
                    raise _no_item(message.item_id)
                await self.send_message(server.ItemRetrieved(item=item_of(found)))
            case client.CreateResponse():
                await self._respond(message)
            case client.CancelResponse():
                if not conversation.cancel_reply(message.response_id or ""):
                    raise BadRequest("There is no active response.")
            case client.Played():
                conversation.played(message.response_id, message.ms)

    async def finish(self, reason: str) -> None:
        if self._held is not None:
            await self._held.conversation.drain()

    def warn(self, seconds: float) -> None:
        self._conversation.warn_of_end(seconds)

    async def closed(self) -> None:
        if self._held is None:
            return
        parking = conversation_services(self.scope).parking
        if self._may_return:
            parking.park(self._held)
        else:
            await parking.end(self._held)

    @property
    def _may_return(self) -> bool:
        lost = not self.server_closed and self.close_code not in _CLEAN_CODES
        return lost and self.gateway.config.resume_seconds > 0

    def encode_error(self, error: VoiceError) -> str:
        event_id, self._event_id = self._event_id, None
        return encode(error_event(error, event_id))

    async def _update(self, message: client.SessionUpdate) -> None:
        service = conversation_services(self.scope).conversations
        conversation, held = self._conversation, self._held
        if held is None:
            return
        updated = held.configuration.updated(message.session)
        with fields_of("session"):
            await service.check(updated.options)
        options = service.instructed(updated.options)
        conversation.configure(options, updated.rate_hz)
        held.configuration = updated
        await self.send_message(server.SessionUpdated(session=self._session()))

    async def _respond(self, message: client.CreateResponse) -> None:
        service = conversation_services(self.scope).conversations
        conversation, held = self._conversation, self._held
        if held is None:
            return
        options = held.configuration.options
        request = message.response.as_request(options, conversation.item)
        with fields_of("response"):
            await service.check_response(request)
        conversation.ask_reply(request)

    def _session(self) -> dict[str, object]:
        wire = self._held.configuration.wire() if self._held else {}
        return {"id": self.session_id, **wire}

    async def _messages(
        self, conversation: ConversationSession
    ) -> AsyncIterator[BaseModel | bytes]:
        async for event in conversation.events():
            for message in as_messages(event):
                yield message

    @property
    def _conversation(self) -> ConversationSession:
        """The conversation. Raises BadRequest without one: the socket is about to close."""
        if self._held is None:
            raise BadRequest("The connection was not opened.")
        return self._held.conversation


def resumed_at(conversation: ResumableConversation) -> dict[str, object]:
    """The fields of the session object for a client that has reconnected."""
    said = [
        {"id": each.id, "role": each.role, "text": each.text, "done": each.is_complete}
        for each in conversation.messages
    ]
    return {
        "x.audio_ms": round(conversation.audio_seconds * 1000),
        "x.items": said,
    }


def _no_item(item_id: str) -> BadValue:
    return BadValue(f"There is no reply or item `{item_id[:40]}`.", field="item_id")
