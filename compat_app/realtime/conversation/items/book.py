"""The items as the client knows them, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field

from compat_app.realtime.conversation.items.wire import WireItem

MOST_ITEMS = 2_000
"""Older ones are forgotten here; the conversation itself keeps fewer."""
ROOT = "root"


@dataclass
class ItemBook:
    """What was told of the conversation's items.

    A client's item may be another one's than the conversation's: a turn that was reopened
    is one item there, and two for the client, who cannot take one back.
    """

    _items: dict[str, WireItem] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _told_as: dict[str, str] = field(default_factory=dict)
    """The client's newest id of an item of the conversation, if it differs."""

    def add(self, item: WireItem, after: str | None = None) -> str | None:
        """Add it at the end, or after that item; the id of the item before it."""
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
        """It has another content."""
        if item["id"] in self._items:
            self._items[item["id"]] = item

    def remove(self, item_id: str) -> None:
        """It is gone."""
        if self._items.pop(item_id, None) is not None:
            self._order.remove(item_id)

    def find(self, item_id: str) -> WireItem | None:
        """By the client's id."""
        return self._items.get(item_id)

    @property
    def last_id(self) -> str | None:
        return self._order[-1] if self._order else None

    def before(self, item_id: str) -> str | None:
        """The id of the item before it."""
        place = self._order.index(item_id) if item_id in self._items else 0
        return self._order[place - 1] if place else None

    def tell_as(self, item_id: str, client_id: str) -> None:
        """What follows about this item of the conversation is told with that id."""
        self._told_as[item_id] = client_id

    def client_id(self, item_id: str) -> str:
        """The client's id of an item of the conversation."""
        return self._told_as.get(item_id, item_id)

    def own_id(self, client_id: str) -> str:
        """The conversation's id of an item of the client's."""
        for own, told in self._told_as.items():
            if told == client_id:
                return own
        return client_id
