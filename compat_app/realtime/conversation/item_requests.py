"""What clients ask about the items of a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chat_app.core import outputs as out
from chat_app.core.dialogue import ROOT, Item
from chat_app.session.session import ConversationSession
from compat_app.realtime.conversation.carriers import Caller
from compat_app.realtime.conversation.choices import Choices
from compat_app.realtime.conversation.items.made import made_item
from compat_app.realtime.conversation.items.transcribing import text_of
from compat_app.realtime.conversation.items.wire import WireItem
from compat_app.realtime.conversation.mapper import ConversationMapper, completed
from compat_app.realtime.shared import conversation_messages as ask
from compat_app.realtime.shared.conversation import ConversationConfig
from compat_app.realtime.shared.conversation_parts import (
    NewMessage,
    Reference,
    ResponseWish,
)
from compat_app.realtime.shared.errors import Refused
from compat_app.realtime.shared.messages import ServerEvent


class ItemRequests:
    """Creates, deletes and retrieves them. What the conversation itself tells of it is
    not among the events that are returned."""

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
        self, event: ask.CreateItem, config: ConversationConfig
    ) -> Iterable[ServerEvent]:
        """Raises Refused."""
        new, previous = event.item, event.previous_item_id
        if previous is not None and previous != ROOT:
            self._known(previous, "previous_item_id", "invalid_value")
            previous = self._mapper.book.own_id(previous)
        if new.id and self._mapper.book.find(new.id):
            raise Refused(
                f"There is an item `{new.id}` already.",
                code="item_create_duplicate_item_id",
                param="item.id",
            )
        item = await made_item(new, lambda audio: self._transcribe(audio, config))
        self._engine.add_item(item, previous)
        if config.transcribes and isinstance(new, NewMessage) and new.has_unknown_audio:
            return [completed(item.id, item.text, 0.0)]
        return ()

    def delete(self, item_id: str) -> Iterator[ServerEvent]:
        """Raises Refused."""
        self._known(item_id, "item_id", "item_delete_invalid_item_id")
        if not self._engine.delete_item(self._mapper.book.own_id(item_id)):
            # It is too old for the conversation, but the client knows it.
            yield from self._mapper.events(out.ItemDeleted(item_id))

    def retrieve(self, item_id: str) -> Iterator[ServerEvent]:
        """Raises Refused."""
        item = self._known(item_id, "item_id", "item_retrieve_invalid_item_id")
        yield ask.ItemRetrieved(item=item)

    async def given(
        self, wish: ResponseWish, config: ConversationConfig
    ) -> tuple[Item, ...] | None:
        """The items that a response shall answer; None for those of the conversation.
        Raises Refused."""
        if wish.input is None:
            return None
        items = []
        for each in wish.input:
            if isinstance(each, Reference):
                self._known(each.id, "response.input", "invalid_value")
                found = self._engine.item(self._mapper.book.own_id(each.id))
                items += [found] if found is not None else []
            else:
                items.append(
                    await made_item(each, lambda audio: self._transcribe(audio, config))
                )
        return tuple(items)

    async def _transcribe(self, audio: bytes, config: ConversationConfig) -> str:
        options = await self._choices.options(config)
        return await text_of(
            audio,
            self._choices.listening,
            options.listening,
            options.listening_model,
            principal=self._caller.principal,
            client=self._caller.client,
        )

    def _known(self, item_id: str, param: str, code: str) -> WireItem:
        item = self._mapper.book.find(item_id)
        if item is None:
            raise Refused(f"There is no item `{item_id}`.", code=code, param=param)
        return item
