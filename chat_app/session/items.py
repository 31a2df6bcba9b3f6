"""The items that a client adds, reads and removes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chat_app.core import outputs as out
from chat_app.core.dialogue import ROOT, Dialogue, Item
from chat_app.core.ids import new_id
from common.errors import BadValue


class ClientItems:
    """The client's changes of the dialogue; the client is told of each one."""

    def __init__(
        self, dialogue: Dialogue, put: Callable[[out.ConversationEvent], None]
    ) -> None:
        self._dialogue = dialogue
        self._put = put

    def add(self, item: Item, previous_item_id: str | None) -> None:
        """Add an item at the end, or after `previous_item_id`. Raises BadValue for an id that
        is taken or reserved, for a previous item that does not exist, for a call with the
        `call_id` of another one, and for the result of a call that nobody made."""
        if item.id == ROOT:
            # As `previous_item_id` it is the beginning of the conversation.
            raise BadValue(f"No item can have the id `{ROOT}`.", field="item.id")
        if item.id and self.find(item.id) is not None:
            raise BadValue(f"The item `{item.id[:40]}` exists.", field="item.id")
        if item.kind == "function_call" and self._was_called(item.call_id):
            raise BadValue(
                f"The function call `{item.call_id[:40]}` exists.",
                field="item.call_id",
            )
        if item.kind == "function_call_output" and not self._was_called(item.call_id):
            raise BadValue(
                f"There is no function call `{item.call_id[:40]}`.",
                field="item.call_id",
            )
        item = replace(item, id=item.id or new_id("item"))
        previous = self._dialogue.put(item, previous_item_id)
        self._put(out.ItemAdded(item, previous))

    def find(self, item_id: str) -> Item | None:
        return self._dialogue.find(item_id)

    def delete(self, item_id: str) -> bool:
        """Delete an item. Returns whether there was one."""
        found = self._dialogue.remove(item_id)
        if found:
            self._put(out.ItemDeleted(item_id))
        return found

    def _was_called(self, call_id: str) -> bool:
        calls = (each for each in self._dialogue.items if each.kind == "function_call")
        return any(each.call_id == call_id for each in calls)
