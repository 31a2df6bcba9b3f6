"""The items of a conversation as the client knows them, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field

from compat_app.realtime.conversation.items.wire import WireItem

MOST_ITEMS = 2_000
"""Older items are dropped here; the conversation itself keeps fewer."""
ROOT = "root"


@dataclass
class ItemIndex:
    """The items that the client knows.

    The ids can differ from those of the conversation: a turn that was reopened is one item
    there, but two for the client, because this API has no event that takes one back.
    """

    _items: dict[str, WireItem] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _client_ids: dict[str, str] = field(default_factory=dict)
    """By the id in the conversation: the newest id at the client, if it differs."""

    def add(self, item: WireItem, after: str | None = None) -> str | None:
        """Add it at the end, or after that item; returns the id of the item before it."""
        item_id = item["id"]
        place = len(self._order)
        if after == ROOT:
            place = 0
        elif after in self._items:
            place = self._order.index(after) + 1
        self._order.insert(place, item_id)
        self._items[item_id] = item
        previous = self._order[place - 1] if place else None
        for oldest in self._order[:-MOST_ITEMS]:
            self.remove(oldest)
        return previous

    def change(self, item: WireItem) -> None:
        """Replace an item by one with other content."""
        if item["id"] in self._items:
            self._items[item["id"]] = item

    def remove(self, item_id: str) -> None:
        """Remove an item; nothing happens if it is unknown."""
        if self._items.pop(item_id, None) is not None:
            self._order.remove(item_id)

    def find(self, item_id: str) -> WireItem | None:
        """The item with this id of the client's."""
        return self._items.get(item_id)

    @property
    def last_id(self) -> str | None:
        return self._order[-1] if self._order else None

    def before(self, item_id: str) -> str | None:
        """The id of the item before it."""
        place = self._order.index(item_id) if item_id in self._items else 0
        return self._order[place - 1] if place else None

    def rename(self, item_id: str, client_id: str) -> None:
        """From now on the client knows this item of the conversation by that id."""
        self._client_ids[item_id] = client_id

    def client_id(self, item_id: str) -> str:
        """The id at the client of an item of the conversation."""
        return self._client_ids.get(item_id, item_id)

    def own_id(self, client_id: str) -> str:
        """The id in the conversation of an item of the client."""
        for own, renamed in self._client_ids.items():
            if renamed == client_id:
                return own
        return client_id
