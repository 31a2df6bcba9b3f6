"""Carries out the requests of clients about the items of a conversation."""

from __future__ import annotations

from collections.abc import Iterator

from chat_app.conversation.caller import Caller
from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.protocol import server
from chat_app.protocol.event import ServerEvent
from chat_app.protocol.shapes import item_of
from chat_app.session.session import ConversationSession
from compat_app.realtime.conversation.choices import Choices
from compat_app.realtime.conversation.items.building import build_item
from compat_app.realtime.conversation.items.transcribing import transcribe_audio
from compat_app.realtime.conversation.items.wire import WireItem
from compat_app.realtime.conversation.mapper import ConversationMapper
from compat_app.realtime.shared import conversation_messages as messages
from compat_app.realtime.shared.conversation import ConversationConfig
from compat_app.realtime.shared.conversation_parts import (
    NewMessage,
    Reference,
    ResponseParams,
)
from compat_app.realtime.shared.errors import Refused


class ItemRequests:
    """Creates, deletes and retrieves items.

    The methods return only the events that answer a request at once; those that follow
    from the change come from the conversation itself.
    """

    def __init__(
        self,
        engine: ConversationSession,
        choices: Choices,
        mapper: ConversationMapper,
        caller: Caller,
    ) -> None:
        self._engine = engine
        self._choices = choices
        self._mapper = mapper
        self._caller = caller

    async def create(
        self, event: messages.CreateItem, config: ConversationConfig
    ) -> None:
        """Raises Refused, and BadValue for a previous item that does not exist."""
        new, previous = event.item, event.previous_item_id
        if previous is not None:
            previous = self._mapper.items.own_id(previous)
        if new.id and self._found(new.id):
            raise Refused(
                f"There is an item `{new.id}` already.",
                code="item_create_duplicate_item_id",
                param="item.id",
            )
        item = await build_item(new, lambda audio: self._transcribe(audio, config))
        if isinstance(new, NewMessage) and new.has_unknown_audio:
            self._mapper.transcribed.add(item.id)
        self._engine.add_item(item, previous)

    def delete(self, item_id: str) -> Iterator[ServerEvent]:
        """Raises Refused."""
        self._known(item_id, "item_id", "item_delete_invalid_item_id")
        if not self._engine.delete_item(self._mapper.items.own_id(item_id)):
            # The conversation has dropped it as too old; the client still knows it.
            yield from self._mapper.events(out.ItemDeleted(item_id))

    def retrieve(self, item_id: str) -> Iterator[ServerEvent]:
        """Raises Refused."""
        item = self._known(item_id, "item_id", "item_retrieve_invalid_item_id")
        yield server.ItemRetrieved(item=item)

    async def response_input(
        self, params: ResponseParams, config: ConversationConfig
    ) -> tuple[Item, ...] | None:
        """The items that a response answers; None means those of the conversation. Raises
        Refused."""
        if params.input is None:
            return None
        items = []
        for each in params.input:
            if isinstance(each, Reference):
                self._known(each.id, "response.input", "invalid_value")
                found = self._engine.item(self._mapper.items.own_id(each.id))
                items += [found] if found is not None else []
            else:
                items.append(
                    await build_item(
                        each, lambda audio: self._transcribe(audio, config)
                    )
                )
        return tuple(items)

    async def _transcribe(self, audio: bytes, config: ConversationConfig) -> str:
        options = await self._choices.options(config)
        return await transcribe_audio(
            audio,
            self._choices.listening,
            options.listening,
            options.listening_model,
            principal=self._caller.principal,
            client=self._caller.client,
        )

    def _known(self, item_id: str, param: str, code: str) -> WireItem:
        if (item := self._found(item_id)) is None:
            raise Refused(f"There is no item `{item_id}`.", code=code, param=param)
        return item

    def _found(self, item_id: str) -> WireItem | None:
        """The item, even if its event was not sent yet."""
        known = self._mapper.items
        if (told := known.find(item_id)) is not None:
            return told
        item = self._engine.item(known.own_id(item_id))
        return None if item is None else item_of(item)
